/*
meaning: >-
  Which models' likes a snapshot tells and the one before it of the same source did not, or the other way round, because the model was away, its
  record could not be read, or lacks them.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured both snapshots
  observed_on: UTC day of the later one
  model_key: our number for the model
  is_told: whether it tells them again, or for the first time (true), or no longer (false)
  told_on: UTC day of the one of the two that tells them
  likes: what it tells
types: {source: varchar, observed_on: date, model_key: integer, is_told: boolean, told_on: date, likes: bigint}
*/
with told as (
    select
        model_key,
        likes
    from now.compared
    where likes >= 0 and (not was_listed or former_likes is null or former_likes < 0)
),

untold as (
    select model_key
    from now.sightings
    where not is_there
    union all
    select model_key
    from now.unreadable
    union all
    select model_key
    from now.compared
    where was_listed and (likes is null or likes < 0)
)

select
    snapshot.source,
    snapshot.observed_on,
    told.model_key,
    true as is_told,
    snapshot.observed_on as told_on,
    told.likes
from told
cross join now.snapshot as snapshot
semi join before.snapshot as earlier on snapshot.source = earlier.source
union all
select
    snapshot.source,
    snapshot.observed_on,
    former.model_key,
    false as is_told,
    former.observed_on as told_on,
    former.likes
from before.counters as former
semi join untold on former.model_key = untold.model_key
cross join now.snapshot as snapshot
where former.likes >= 0
