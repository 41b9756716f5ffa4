/*
meaning: >-
  The days over which the steps that end in a snapshot are spread: those since the snapshot before, or, where the Hub's
  counters stood still, all days from the last snapshot before the stall to the first one after it.
grain: [source, to_on]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the earlier one
  span_from: first day of the span
  span_to: day after the last day of the span
  is_stalled: whether the Hub's counters as a whole stood still up to to_on
  is_stretched: whether the span is longer than the step, because of a stall
  is_open: whether the stall is still on, so that later snapshots will change the span
*/
with paced as (
    select
        pulse.source,
        pulse.to_on,
        pulse.from_on,
        pulse.gained,
        -- By the clock: from late on a Sunday to early on a Monday it is no day.
        epoch(latter.started_at - former.started_at) / 86400 as days,
        pulse.busy_count,
        pulse.busy_unmoved_count
    from staging.pulse as pulse
    inner join core.snapshots as latter on pulse.source = latter.source and pulse.to_on = latter.observed_on
    inner join core.snapshots as former on pulse.source = former.source and pulse.from_on = former.observed_on
),

-- What stands still for less than half a day proves nothing.
placed as (
    select
        *,
        gained / days as gained_a_day,
        row_number() over (partition by source order by to_on) as place
    from paced
    where days >= 0.5
),

compared as (
    select
        latter.source,
        latter.to_on,
        latter.gained_a_day,
        latter.busy_count,
        latter.busy_unmoved_count,
        median(former.gained_a_day) as usual_a_day,
        count(former.to_on) as former_count
    from placed as latter
    left join placed as former
        on latter.source = former.source and former.place between latter.place - 15 and latter.place - 1
    group by
        latter.source,
        latter.to_on,
        latter.gained_a_day,
        latter.busy_count,
        latter.busy_unmoved_count
),

-- MEASURES 1: less than 0.3 of the usual, or a quarter of the busy models unmoved. Few steps or few busy models prove nothing.
proven as (
    select
        source,
        to_on,
        (former_count >= 3 and gained_a_day < 0.3 * usual_a_day)
        or (busy_count >= 8 and busy_unmoved_count >= 0.25 * busy_count) as is_stalled
    from compared
),

judged as (
    select
        paced.source,
        paced.to_on,
        paced.from_on,
        -- A step that proves nothing goes on as the one before it.
        coalesce(
            last_value(proven.is_stalled ignore nulls) over (partition by paced.source order by paced.to_on), false
        ) as is_stalled
    from paced
    left join proven on paced.source = proven.source and paced.to_on = proven.to_on
),

calm as (
    select
        source,
        to_on as observed_on
    from judged
    where not is_stalled
    union all
    select
        source,
        min(from_on) as observed_on
    from judged
    group by source
),

opened as (
    select
        judged.source,
        judged.to_on,
        max(calm.observed_on) as span_from
    from judged
    left join calm on judged.source = calm.source and calm.observed_on <= judged.from_on
    group by judged.source, judged.to_on
),

closed as (
    select
        judged.source,
        judged.to_on,
        min(calm.observed_on) as span_to
    from judged
    left join calm on judged.source = calm.source and calm.observed_on >= judged.to_on
    group by judged.source, judged.to_on
)

select
    judged.source,
    judged.to_on,
    judged.from_on,
    opened.span_from,
    coalesce(closed.span_to, judged.to_on) as span_to,
    judged.is_stalled,
    coalesce(closed.span_to, judged.to_on) - opened.span_from > judged.to_on - judged.from_on as is_stretched,
    closed.span_to is null as is_open
from judged
inner join opened on judged.source = opened.source and judged.to_on = opened.to_on
inner join closed on judged.source = closed.source and judged.to_on = closed.to_on
