/*
meaning: >-
  The steps that touch the week and are known over more than ten days only, cut where a later snapshot tells how high the counter
  stood on a day between, so that what came before that day is not mixed with what came after it. What a step brought stays as it was.
per: week
kind: passing
grain: [source, model_key, from_on]
columns:
  source: who captured the snapshots
  model_key: our number for the model
  from_on: first day of the part
  until_on: day after the last day of the part
  to_on: UTC day of the snapshot that ends the step
  gained: downloads gained in the part, never negative
warnings:
  - A day is used only if the height that follows for it lies between the two that were read; where the two counters contradict each other, the step stays whole.
  - The newest thirty days have no later snapshot to ask, so their long steps stay whole until there is one.
*/
with asked as (
    select spans.*
    from now.week as running
    inner join staging.cut_spans as spans on running.source = spans.source
    where spans.span_from < running.week + 7 and spans.span_to >= running.week
),

long_spans as (
    select distinct
        source,
        span_from,
        span_to
    from asked
),

of_all as (
    select
        steps.source,
        steps.model_key,
        spans.span_to,
        -- One created in the span may have been seen first with a counter that did not move yet, and brought nothing before.
        greatest(
            spans.span_from, coalesce(min(steps.from_on) filter (where steps.is_birth), cast(min(models.created_at) as date), spans.span_from)
        ) as from_on,
        max(steps.to_on) as to_on,
        sum(greatest(steps.difference, 0)) as gained
    from long_spans
    inner join staging.spans as spans
        on long_spans.source = spans.source and long_spans.span_to = spans.span_to
    inner join staging.counter_steps as steps on spans.source = steps.source and spans.to_on = steps.to_on
    anti join staging.disturbed_models as disturbed
        on steps.source = disturbed.source and steps.model_key = disturbed.model_key
    left join staging.models as models on steps.model_key = models.model_key and models.created_at > spans.span_from
    group by steps.source, steps.model_key, spans.span_from, spans.span_to
),

recalled as (
    select
        asked.source,
        asked.span_to,
        asked.known_on,
        counters.model_key,
        counters.downloads_all_time - counters.downloads_30d as height
    from asked
    inner join staging.counters as counters on asked.source = counters.source and asked.seen_on = counters.observed_on
),

reached as (
    select
        counters.source,
        counters.observed_on as span_to,
        counters.model_key,
        counters.downloads_all_time as height
    from long_spans
    inner join staging.counters as counters
        on long_spans.source = counters.source and long_spans.span_to = counters.observed_on
),

of_disturbed as (
    select
        steps.source,
        steps.model_key,
        steps.from_on,
        steps.to_on,
        steps.height,
        steps.gained
    from now.week as running
    inner join staging.disturbed_steps as steps on running.source = steps.source
    where steps.to_on - steps.from_on > 10 and steps.from_on < running.week + 7 and steps.to_on >= running.week
),

-- A counter that is down or was corrected since says nothing of how high it stood before.
lower as (
    select
        source,
        model_key,
        fell_on,
        case when is_bridged then to_on else date '9999-12-31' end as until_on
    from staging.disturbed_steps
    where fell_on is not null
),

steps as (
    select
        source,
        model_key,
        from_on,
        span_to as until_on,
        to_on,
        gained
    from of_all
    union all
    select
        source,
        model_key,
        from_on,
        to_on as until_on,
        to_on,
        gained
    from of_disturbed
),

between_them as (
    select
        of_all.source,
        of_all.model_key,
        of_all.span_to as until_on,
        recalled.known_on,
        recalled.height - (reached.height - of_all.gained) as gained
    from of_all
    inner join reached
        on of_all.source = reached.source and of_all.span_to = reached.span_to and of_all.model_key = reached.model_key
    inner join recalled
        on
            of_all.source = recalled.source
            and of_all.span_to = recalled.span_to
            and of_all.model_key = recalled.model_key
            and of_all.from_on < recalled.known_on
    union all
    select
        of_disturbed.source,
        of_disturbed.model_key,
        of_disturbed.to_on as until_on,
        hindsights.known_on,
        readings.downloads_all_time - readings.downloads_30d - of_disturbed.height as gained
    from of_disturbed
    inner join staging.disturbed_readings as readings
        on of_disturbed.source = readings.source and of_disturbed.model_key = readings.model_key
    inner join staging.hindsights as hindsights
        on
            readings.source = hindsights.source
            and readings.observed_on = hindsights.seen_on
            and of_disturbed.from_on < hindsights.known_on
            and hindsights.known_on < of_disturbed.to_on
    anti join lower
        on
            readings.source = lower.source
            and readings.model_key = lower.model_key
            and lower.fell_on > of_disturbed.from_on
            and lower.fell_on <= readings.observed_on
            and readings.observed_on < lower.until_on
),

-- How much of the step had come by the day, never less than on a day before it.
cuts as (
    select
        steps.source,
        steps.model_key,
        steps.from_on,
        steps.until_on,
        steps.to_on,
        steps.gained,
        found.known_on,
        max(found.gained) over (
            partition by steps.source, steps.model_key, steps.until_on order by found.known_on
        ) as gained_by_then
    from steps
    inner join between_them as found
        on
            steps.source = found.source
            and steps.model_key = found.model_key
            and steps.until_on = found.until_on
            and found.gained between 0 and steps.gained
),

marks as (
    select source, model_key, until_on, to_on, from_on as day, 0 as gained_by_then
    from steps
    union all
    select source, model_key, until_on, to_on, known_on as day, gained_by_then
    from cuts
    union all
    select source, model_key, until_on, to_on, until_on as day, gained as gained_by_then
    from steps
),

parts as (
    select
        source,
        model_key,
        day as from_on,
        lead(day) over step as until_on,
        to_on,
        lead(gained_by_then) over step - gained_by_then as gained,
        day - lag(day) over step as former_days,
        gained_by_then - lag(gained_by_then) over step as former_gained
    from marks
    window step as (partition by source, model_key, until_on order by day, gained_by_then)
),

mondays as (
    select
        *,
        cast(date_trunc('week', until_on - 1) as date) as monday
    from parts
    where until_on is not null
),

-- A part that has a Monday in it goes on from the one before it: a parabola through the three heights, not a sudden new pace.
bent as (
    select
        source,
        model_key,
        from_on,
        until_on,
        to_on,
        gained,
        monday,
        case
            when former_days > 0 and monday > from_on and until_on - from_on <= 7
                then
                    least(gained, greatest(0, (monday - from_on) * (
                        gained / cast(until_on - from_on as double)
                        - (until_on - monday) * (gained / cast(until_on - from_on as double) - former_gained / cast(former_days as double))
                        / (until_on - from_on + former_days)
                    )))
        end as gained_by_monday
    from mondays
)

select
    source,
    model_key,
    from_on,
    case when gained_by_monday is null then until_on else monday end as until_on,
    to_on,
    coalesce(gained_by_monday, gained) as gained
from bent
union all
select
    source,
    model_key,
    monday as from_on,
    until_on,
    to_on,
    gained - gained_by_monday as gained
from bent
where gained_by_monday is not null
