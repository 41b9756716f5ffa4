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
        source,
        to_on,
        from_on,
        gained / cast(to_on - from_on as double) as gained_a_day,
        busy_count,
        busy_unmoved_count,
        row_number() over (partition by source order by to_on) as place
    from staging.pulse
),

compared as (
    select
        latter.source,
        latter.to_on,
        latter.from_on,
        latter.gained_a_day,
        latter.busy_count,
        latter.busy_unmoved_count,
        median(former.gained_a_day) as usual_a_day,
        count(former.to_on) as former_count
    from paced as latter
    left join paced as former
        on latter.source = former.source and former.place between latter.place - 15 and latter.place - 1
    group by
        latter.source,
        latter.to_on,
        latter.from_on,
        latter.gained_a_day,
        latter.busy_count,
        latter.busy_unmoved_count
),

-- MEASURES 1: less than 0.3 of the usual, or a quarter of the busy models unmoved. Few steps or few busy models prove nothing.
judged as (
    select
        source,
        to_on,
        from_on,
        (former_count >= 3 and gained_a_day < 0.3 * usual_a_day)
        or (busy_count >= 8 and busy_unmoved_count >= 0.25 * busy_count) as is_stalled
    from compared
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
