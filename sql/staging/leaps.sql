/*
meaning: >-
  Models without a cumulative counter whose rolling 30-day counter leapt within one day: that day brought more than 60 %
  of the week that ends with it, however the downloads before it were spread.
per: snapshot
grain: [source, to_on, model_key]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the earlier one, which is the day that brought it
  model_key: our number for the model
  gained: later minus earlier, the least that the day brought, because the counter lost the day of a month before at the same time
  downloads_30d: the later counter, the most that the week brought
types: {source: varchar, to_on: date, from_on: date, model_key: integer, gained: bigint, downloads_30d: bigint}
*/
select
    snapshot.source,
    snapshot.observed_on as to_on,
    earlier.observed_on as from_on,
    latter.model_key,
    latter.downloads_30d - former.downloads_30d as gained,
    latter.downloads_30d
from now.counters as latter
inner join before.counters as former on latter.model_key = former.model_key
cross join now.snapshot as snapshot
inner join before.snapshot as earlier on snapshot.observed_on - earlier.observed_on = 1
where
    latter.downloads_all_time is null
    and former.downloads_all_time is null
    -- A model with a handful of downloads has them on one day by chance.
    and latter.downloads_30d >= 1000
    and latter.downloads_30d - former.downloads_30d > 0.6 * latter.downloads_30d
