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
with
-- Most models have no like at all, so only the others are put side by side.
latter as (
    select
        model_key,
        likes
    from now.counters
    where likes > 0
),

former as (
    select
        model_key,
        likes
    from before.counters
    where likes > 0
),

changed as (
    select
        coalesce(latter.model_key, former.model_key) as model_key,
        coalesce(latter.likes, 0) - coalesce(former.likes, 0) as difference,
        latter.model_key is null as is_fallen,
        former.model_key is null as is_first
    from latter
    full join former on latter.model_key = former.model_key
    where latter.likes is distinct from former.likes
),

-- A model that is not listed, or whose likes were not sent, has not lost its likes.
told_after as (
    select
        changed.model_key,
        changed.difference,
        changed.is_first
    from changed
    left join now.counters as latter on changed.is_fallen and changed.model_key = latter.model_key
    where not changed.is_fallen or latter.likes = 0
),

came as (
    select
        keys.model_key,
        cast(models.created_at as date) as created_on
    from now.models as models
    inner join sofar.model_keys as keys on coalesce(models.hub_id, 'name:' || models.model_name) = keys.hub_id
    inner join before.snapshot as earlier on models.created_at > earlier.started_at
    where models.likes > 0
)

select
    snapshot.source,
    snapshot.observed_on as to_on,
    case
        when former.model_key is null and came.model_key is not null
            then least(greatest(came.created_on, earlier.observed_on), snapshot.observed_on)
        else earlier.observed_on
    end as from_on,
    told_after.model_key,
    told_after.difference
from told_after
left join before.counters as former on told_after.is_first and told_after.model_key = former.model_key
left join came on told_after.model_key = came.model_key
cross join now.snapshot as snapshot
cross join before.snapshot as earlier
-- Its first likes: new if it had none before, or did not exist. Of a model seen for the first time nobody knows.
where not told_after.is_first or former.likes = 0 or (former.model_key is null and came.model_key is not null)
