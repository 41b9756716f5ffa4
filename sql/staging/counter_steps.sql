/*
meaning: How far the cumulative counter of each model moved between one snapshot and the next of the same source; no row where it stood still.
per: snapshot
grain: [source, to_on, model_key]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the earlier one; for a model created since, the day of its creation
  model_key: our number for the model
  difference: later minus earlier; negative after a recount, null where it can't be told from these two snapshots
  is_birth: whether the model was created after the earlier snapshot was taken, so that its whole counter is new
types: {source: varchar, to_on: date, from_on: date, model_key: integer, difference: bigint, is_birth: boolean}
*/
with moved as (
    select
        model_key,
        downloads_all_time - former_downloads_all_time as difference
    from now.compared
    where was_listed and downloads_all_time is distinct from former_downloads_all_time
),

-- Readable again: how far it moved since it last was, other files know.
reappeared as (
    select latter.model_key
    from now.compared as latter
    semi join before.unreadable as former on latter.model_key = former.model_key
),

came as (
    select
        latter.model_key,
        latter.created_at,
        latter.downloads_all_time
    from now.compared as latter
    inner join before.snapshot as earlier on latter.created_at > earlier.started_at
    anti join before.unreadable as former on latter.model_key = former.model_key
    where not latter.was_listed and latter.downloads_all_time <> 0
)

select
    snapshot.source,
    snapshot.observed_on as to_on,
    earlier.observed_on as from_on,
    moved.model_key,
    moved.difference,
    false as is_birth
from moved
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
union all
select
    snapshot.source,
    snapshot.observed_on as to_on,
    earlier.observed_on as from_on,
    reappeared.model_key,
    null as difference,
    false as is_birth
from reappeared
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
union all
select
    snapshot.source,
    snapshot.observed_on as to_on,
    least(greatest(cast(came.created_at as date), earlier.observed_on), snapshot.observed_on) as from_on,
    came.model_key,
    came.downloads_all_time as difference,
    true as is_birth
from came
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
