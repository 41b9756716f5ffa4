/*
meaning: How often each candidate had been downloaded at each age, where all weeks up to it were measured.
grain: [model_key, age_days]
columns:
  model_key: our number for the model
  age_days: days since its creation; 7, 14, 30, 60, 90, 180 or 365
  reached_at: moment it reached the age
  size_band: size class by parameters_total; unknown where the Hub does not say
  downloads: downloads since its creation; the week in which it reached the age counts up to that moment, evenly
*/
with ages as (
    select
        candidates.model_key,
        candidates.born_at,
        candidates.size_band,
        days.age_days,
        candidates.born_at + to_days(days.age_days) as reached_at
    from staging.adoption_candidates as candidates
    cross join (values (7), (14), (30), (60), (90), (180), (365)) as days (age_days)
    where candidates.born_at + to_days(days.age_days) <= candidates.known_until
),

parts as (
    select
        ages.model_key,
        ages.age_days,
        young.downloads_flow,
        young.is_estimate,
        date_diff('second', greatest(cast(young.week as timestamp), ages.born_at), ages.reached_at) as seconds_counted,
        date_diff('second', greatest(cast(young.week as timestamp), ages.born_at), cast(young.week + 7 as timestamp)) as seconds_lived
    from ages
    inner join staging.young_flow as young on ages.model_key = young.model_key and young.week < ages.reached_at
),

counted as (
    select
        model_key,
        age_days,
        sum(cast(downloads_flow * least(1.0, seconds_counted / cast(greatest(seconds_lived, 1) as double)) as decimal(28, 9))) as downloads,
        bool_or(is_estimate) as is_unknown
    from parts
    group by model_key, age_days
)

select
    ages.model_key,
    ages.age_days,
    ages.reached_at,
    ages.size_band,
    cast(coalesce(counted.downloads, 0) as decimal(28, 9)) as downloads
from ages
left join counted on ages.model_key = counted.model_key and ages.age_days = counted.age_days
where not coalesce(counted.is_unknown, false)
