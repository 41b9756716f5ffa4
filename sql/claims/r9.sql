/*
meaning: Whether labs settle on a three-tier stack - closed frontier, semi-open middle, open small.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: open share of small models minus that of large ones, reviewed labs, last four full quarters, -1..1
  interval_low: null, every release is counted
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with recent as (
    select distinct quarter
    from marts.openness
    where not is_running
    order by quarter desc
    limit 4
),

released as (
    select
        case
            when openness.size_band in ('<1B', '1-5B') then 'small'
            when openness.size_band in ('5-10B', '10-50B') then 'mid'
            when openness.size_band in ('50-100B', '100-250B', '>250B') then 'large'
        end as size_class,
        openness.n_models,
        case when openness.licence_class = 'permissive' then openness.n_models * (1 - openness.gated_share) else 0 end as n_open
    from marts.openness as openness
    semi join recent on openness.quarter = recent.quarter
    where openness.level = 'country' and openness.country <> 'UNKNOWN' and openness.n_models > 0
),

shares as (
    select
        sum(n_open) filter (where size_class = 'small') / sum(n_models) filter (where size_class = 'small') as small,
        sum(n_open) filter (where size_class = 'mid') / sum(n_models) filter (where size_class = 'mid') as mid,
        sum(n_open) filter (where size_class = 'large') / sum(n_models) filter (where size_class = 'large') as large
    from released
)

select
    case
        when small is null or mid is null or large is null then 'not measurable yet'
        when small - mid >= 0.01 and mid - large >= 0.01 then 'supported'
        when mid - small >= 0.01 and large - mid >= 0.01 then 'contradicted'
        else 'mixed'
    end as verdict,
    small - large as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when small is null or mid is null or large is null then 'Reviewed labs released no models of known size in one of the three classes.'
        else printf(
            'Permissive and ungated: %.0f %% of small, %.0f %% of mid-size, %.0f %% of large releases. Models that were never published are in none.',
            100 * small, 100 * mid, 100 * large
        )
    end as reason
from shares
