/*
meaning: How lively the Hub's counters were between one snapshot and the next of the same source, to tell a stall from a quiet week.
per: snapshot
grain: [source, to_on]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the earlier one
  gained: sum of all steps that are not negative
  fallen_count: models whose cumulative counter fell
  busy_count: models with at least 60,000 downloads in the 30 days before the earlier snapshot
  busy_unmoved_count: those of them whose cumulative counter did not move
types: {source: varchar, to_on: date, from_on: date, gained: hugeint, fallen_count: bigint, busy_count: bigint, busy_unmoved_count: bigint}
*/
with steps as (
    select
        coalesce(sum(difference) filter (where difference > 0), 0) as gained,
        count(*) filter (where difference < 0) as fallen_count
    from now.counter_steps
),

busy as (
    select
        count(*) as busy_count,
        count(*) filter (where downloads_all_time = former_downloads_all_time) as busy_unmoved_count
    from now.compared
    where former_downloads_30d >= 60000 and downloads_all_time is not null and former_downloads_all_time is not null
)

select
    snapshot.source,
    snapshot.observed_on as to_on,
    earlier.observed_on as from_on,
    steps.gained,
    steps.fallen_count,
    busy.busy_count,
    busy.busy_unmoved_count
from steps
cross join busy
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
