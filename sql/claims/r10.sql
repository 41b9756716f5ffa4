/*
meaning: Whether the movement does not die but decentralises.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: effective number of labs in the newest four measured weeks, as a multiple of the first four
  interval_low: the smaller of this and the same of countries
  interval_high: the larger of the two
  reason: the finding in a sentence
*/
with weeks as (
    select
        level,
        effective_number,
        row_number() over (partition by level order by week) as place,
        row_number() over (partition by level order by week desc) as place_back
    from marts.concentration
    semi join core.weeks as weeks on concentration.week = weeks.week and weeks.is_measured
    where scope = 'S1' and credit = 'publisher' and level in ('lab', 'country')
),

ratios as (
    select
        level,
        max(place) as weeks,
        median(effective_number) filter (where place_back <= 4) / median(effective_number) filter (where place <= 4) as ratio
    from weeks
    group by level
),

compared as (
    select
        min(weeks) as weeks,
        max(ratio) filter (where level = 'lab') as labs,
        max(ratio) filter (where level = 'country') as countries
    from ratios
)

select
    case
        when coalesce(weeks, 0) < 26 then 'not measurable yet'
        when labs > 1 and countries > 1 then 'supported'
        when labs < 1 and countries < 1 then 'contradicted'
        else 'mixed'
    end as verdict,
    case when weeks >= 26 then labs end as number,
    case when weeks >= 26 then least(labs, countries) end as interval_low,
    case when weeks >= 26 then greatest(labs, countries) end as interval_high,
    case
        when coalesce(weeks, 0) < 26 then 'A change needs 26 measured weeks.'
        else printf(
            'By downloads of all models, publisher, the effective number of labs is now %.2f times and that of countries %.2f times what it was in the first four weeks.',
            labs, countries
        )
    end as reason
from compared
