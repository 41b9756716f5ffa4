/*
meaning: Models that a snapshot lists and the one before it did not, whose record does not say when they were created.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured both snapshots
  observed_on: UTC day of the later one
  previous_on: UTC day of the earlier one
  model_key: our number for the model
  downloads_all_time: cumulative counter
types: {source: varchar, observed_on: date, previous_on: date, model_key: integer, downloads_all_time: bigint}
*/
select
    snapshot.source,
    snapshot.observed_on,
    earlier.observed_on as previous_on,
    latter.model_key,
    latter.downloads_all_time
from now.compared as latter
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
anti join before.unreadable as former on latter.model_key = former.model_key
where not latter.was_listed and latter.created_at is null and latter.downloads_all_time > 0
