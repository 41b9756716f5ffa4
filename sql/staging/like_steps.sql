/*
meaning: How many likes each model gained between one snapshot and the next of the same source; no row where none came or went.
per: snapshot
grain: [source, to_on, model_key]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the earlier one; for a model created since, the day of its creation
  model_key: our number for the model
  difference: later minus earlier; negative where likes were taken back
types: {source: varchar, to_on: date, from_on: date, model_key: integer, difference: bigint}
*/
select
    snapshot.source,
    snapshot.observed_on as to_on,
    case
        when compared.was_listed then earlier.observed_on
        else least(greatest(cast(compared.created_at as date), earlier.observed_on), snapshot.observed_on)
    end as from_on,
    compared.model_key,
    compared.likes - case when compared.was_listed then compared.former_likes else 0 end as difference
from now.compared as compared
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
-- Who was not listed, or whose likes were not sent, has not lost them. Of one seen for the first time nobody knows, unless it is new.
where
    (compared.was_listed and compared.likes >= 0 and compared.former_likes >= 0 and compared.likes <> compared.former_likes)
    or (not compared.was_listed and compared.likes > 0 and compared.created_at > earlier.started_at)
