/*
meaning: Whether China is the third contributor to open source after the US and India.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: China's share of the contributors to the captured repositories who name a country, last full quarter
  interval_low: its share of all of them if nobody of unknown place is in China
  interval_high: its share of all of them if everybody of unknown place is
  reason: the finding in a sentence
*/
with shown as (
    select
        quarter,
        country,
        contributors,
        share_of_located,
        lower_bound,
        upper_bound,
        all_contributors
    from marts.contributor_geography
    where level = 'all' and not is_running and contributors is not null and country <> 'UNKNOWN'
    qualify quarter = max(quarter) over ()
),

china as (
    select *
    from shown
    where country = 'CN'
),

-- One country may be nearly all of OTHER, so it stands for a rival with all of its people.
rivals as (
    select
        china.quarter,
        china.share_of_located,
        china.lower_bound,
        china.upper_bound,
        count(*) filter (where shown.country in ('US', 'IN')) as named,
        count(*) filter (where shown.country in ('US', 'IN') and shown.lower_bound > china.upper_bound) as surely_before,
        count(*) filter (where shown.country in ('US', 'IN') and shown.upper_bound < china.lower_bound) as surely_behind,
        count(*) filter (where shown.country not in ('US', 'IN') and shown.upper_bound < china.lower_bound) as others_behind,
        count(*) filter (where shown.country not in ('US', 'IN', 'OTHER') and shown.lower_bound > china.upper_bound) as others_before,
        count(*) filter (where shown.country not in ('US', 'IN')) as others,
        count(*) filter (where shown.country <> 'OTHER' and shown.contributors > china.contributors) + 1 as place
    from china
    inner join shown on china.country <> shown.country
    group by china.quarter, china.share_of_located, china.lower_bound, china.upper_bound
)

select
    case
        when count(*) = 0 or max(named) < 2 then 'not measurable yet'
        when max(surely_before) = 2 and max(others_behind) = max(others) then 'supported'
        when max(surely_behind) > 0 or max(others_before) > 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    max(share_of_located) as number,
    max(lower_bound) as interval_low,
    max(upper_bound) as interval_high,
    case
        when count(*) = 0 or max(named) < 2
            then 'No full quarter has enough contributors of China, the US and India whose profiles name their country.'
        else printf(
            'Of the contributors who name a country %.1f %% name China, place %d among the countries shown. Of all of them that is %.1f to %.1f %%, for so many name none.',
            100 * max(share_of_located), max(place), 100 * max(lower_bound), 100 * max(upper_bound)
        )
    end as reason
from rivals
