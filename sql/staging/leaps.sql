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
    compared.model_key,
    compared.downloads_30d - compared.former_downloads_30d as gained,
    compared.downloads_30d
from now.compared as compared
cross join now.snapshot as snapshot
inner join before.snapshot as earlier on snapshot.observed_on - earlier.observed_on = 1
where
    compared.downloads_all_time is null
    and compared.former_downloads_all_time is null
    -- A model with a handful of downloads has them on one day by chance.
    and compared.downloads_30d >= 1000
    and compared.downloads_30d - compared.former_downloads_30d > 0.6 * compared.downloads_30d
