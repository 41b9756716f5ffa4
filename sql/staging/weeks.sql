/*
meaning: The ISO weeks there is anything to say about, and whose snapshots measure each.
grain: [week]
columns:
  week: Monday of the ISO week, UTC
  source: whose snapshots lie on both sides of all its seven days; null where nobody's do, so that the week can only be estimated
*/
with reach as (
    select
        source,
        min(observed_on) as first_on,
        max(observed_on) as last_on
    from core.snapshots
    where status <> 'partial'
    group by source
),

counting as (
    select distinct source
    from staging.pulse
    where gained > 0 or busy_count > 0 or fallen_count > 0
),

days as (
    select cast(unnest(generate_series(
        date_trunc('week', (select min(first_on) from reach)),
        date_trunc('week', (select max(last_on) from reach)),
        interval 7 day
    )) as date) as week
)

select
    days.week,
    min(reach.source) as source
from days
left join (select reach.* from reach semi join counting on reach.source = counting.source) as reach
    on reach.first_on <= days.week and reach.last_on >= days.week + 7
group by days.week
