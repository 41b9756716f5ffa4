/*
meaning: >-
  Models of which one day brought more than 60 % of a week's downloads, as automatic tests do; only daily snapshots can show
  it. The week is the ISO week where the cumulative counter is known, else the seven days that end with the day.
grain: [source, model_key, week]
columns:
  source: who captured the days
  model_key: our number for the model
  week: Monday of the ISO week
  spike_on: day that brought most
  gained: downloads of that day; the least that they can have been where is_rolling
  gained_in_week: downloads of the week; the most that they can have been where is_rolling
  is_rolling: whether only the rolling 30-day counter tells it
*/
with daily as (
    select
        source,
        to_on,
        cast(date_trunc('week', from_on) as date) as week
    from staging.spans
    where to_on - from_on = 1 and not is_stretched
    qualify count(*) over (partition by source, date_trunc('week', from_on)) >= 6
),

-- A counter that comes back from a fall regains what was downloaded before, and a day inside of a longer step is not known alone.
unclear as (
    select distinct
        daily.source,
        steps.model_key,
        daily.week
    from daily
    inner join staging.disturbed_steps as steps
        on
            daily.source = steps.source
            and steps.from_on < daily.to_on
            and daily.to_on <= steps.to_on
            and steps.to_on - steps.from_on > 1
),

leaps as (
    select
        source,
        model_key,
        from_on,
        gained,
        downloads_30d,
        cast(date_trunc('week', from_on) as date) as week
    from staging.leaps
    qualify row_number() over (partition by source, model_key, date_trunc('week', from_on) order by gained desc, from_on asc) = 1
)

select
    steps.source,
    steps.model_key,
    daily.week,
    arg_max(steps.from_on, steps.difference) as spike_on,
    max(steps.difference) as gained,
    cast(sum(steps.difference) as bigint) as gained_in_week,
    false as is_rolling
from daily
inner join staging.counter_steps as steps on daily.source = steps.source and daily.to_on = steps.to_on
anti join unclear on steps.source = unclear.source and steps.model_key = unclear.model_key and daily.week = unclear.week
where steps.difference > 0 and not steps.is_birth
group by steps.source, steps.model_key, daily.week
-- A model with a handful of downloads has them on one day by chance.
having sum(steps.difference) >= 1000 and max(steps.difference) > 0.6 * sum(steps.difference)
union all
select
    leaps.source,
    leaps.model_key,
    leaps.week,
    leaps.from_on as spike_on,
    leaps.gained,
    leaps.downloads_30d as gained_in_week,
    true as is_rolling
from leaps
