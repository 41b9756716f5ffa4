/*
meaning: Models of which one day brought more than 60 % of a week's downloads, as automatic tests do; only weeks with daily snapshots can show it.
grain: [source, model_key, week]
columns:
  source: who captured the days
  model_key: our number for the model
  week: Monday of the ISO week
  spike_on: day that brought most
  gained: downloads of that day
  gained_in_week: downloads of the week
*/
with daily as (
    select
        source,
        to_on,
        cast(date_trunc('week', from_on) as date) as week
    from staging.spans
    where to_on - from_on = 1 and not is_stretched
    qualify count(*) over (partition by source, date_trunc('week', from_on)) >= 6
)

select
    steps.source,
    steps.model_key,
    daily.week,
    arg_max(steps.from_on, steps.difference) as spike_on,
    max(steps.difference) as gained,
    cast(sum(steps.difference) as bigint) as gained_in_week
from daily
inner join staging.counter_steps as steps on daily.source = steps.source and daily.to_on = steps.to_on
where steps.difference > 0 and not steps.is_birth
group by steps.source, steps.model_key, daily.week
-- A model with a handful of downloads has them on one day by chance.
having sum(steps.difference) >= 1000 and max(steps.difference) > 0.6 * sum(steps.difference)
