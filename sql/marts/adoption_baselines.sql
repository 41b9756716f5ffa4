/*
meaning: What a model of each size class and age is compared with, quarter by quarter; what was known when the quarter began, and never changed after.
grain: [baseline_id, size_band, age_days]
columns:
  baseline_id: quarter for which it holds, as 2026-Q4
  quarter: first day of that quarter
  size_band: size class by parameters_total
  age_days: days since the release
  n_models: models of the class that had reached the age before the quarter began
  median_of_ten: median of the ten most downloaded of them at that age, which v1 divides by; null with fewer than ten
  tenth: downloads of the tenth of them
  tenth_monotone: the largest tenth of this age and the younger ones, which v2 divides by; null where tenth is
  scope: S1, all models; quantised re-packs left out
  as_of: last day that counts, the one before the quarter
checks:
  - one_of: {column: age_days, values: [7, 14, 30, 60, 90, 180, 365]}
  - holds: {rule: size_band <> 'unknown', says: the unknown sizes have no baseline}
  - holds: {rule: (median_of_ten is null) = (n_models < 10), says: a baseline stands on ten models}
  - holds: {rule: tenth <= median_of_ten, says: the tenth has no more than the median of the ten}
  - holds: {rule: tenth <= tenth_monotone, says: the monotone tenth is at least the tenth}
warnings:
  - It stands on models created while we were looking, so the older ages get one a year after the first snapshot.
  - Frozen by its rule, not by a kept file; a correction of a model's own past (a counter that comes back, a size or a parent told later) still reaches it.
*/
with quarters as (
    select cast(unnest(generate_series(
        date_trunc('quarter', (select min(reached_at) from staging.adoption_ages)),
        date_trunc('quarter', (select max(known_until) from staging.adoption_candidates)),
        interval 3 month
    )) as date) as quarter
),

ranked as (
    select
        quarters.quarter,
        ages.size_band,
        ages.age_days,
        ages.downloads,
        row_number() over (
            partition by quarters.quarter, ages.size_band, ages.age_days order by ages.downloads desc, ages.model_key asc
        ) as place
    from quarters
    inner join staging.adoption_ages as ages on ages.reached_at < quarters.quarter
    where ages.size_band <> 'unknown'
),

tops as (
    select
        quarter,
        size_band,
        age_days,
        count(*) as n_models,
        -- Half of the fifth and the sixth is the median of ten.
        cast(sum(downloads) filter (where place in (5, 6)) as double) / 2 as middle,
        cast(max(downloads) filter (where place = 10) as double) as tenth
    from ranked
    group by quarter, size_band, age_days
)

select
    year(quarter) || '-Q' || quarter(quarter) as baseline_id,
    quarter,
    size_band,
    age_days,
    n_models,
    case when n_models >= 10 then middle end as median_of_ten,
    tenth,
    case when tenth is not null then max(tenth) over (partition by quarter, size_band order by age_days) end as tenth_monotone,
    'S1' as scope,
    quarter - 1 as as_of
from tops
