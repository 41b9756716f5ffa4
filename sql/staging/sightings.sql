/*
meaning: Which models came and went between one snapshot and the next of the same source; in the first, every model comes.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured both snapshots
  observed_on: UTC day of the later one
  model_key: our number for the model
  is_there: whether it came (true) or is no longer listed (false)
types: {source: varchar, observed_on: date, model_key: integer, is_there: boolean}
*/
with came as (
    select latter.model_key
    from now.compared as latter
    anti join before.unreadable as former on latter.model_key = former.model_key
    where not latter.was_listed
    union all
    select latter.model_key
    from now.unreadable as latter
    anti join before.counters as listed on latter.model_key = listed.model_key
    anti join before.unreadable as former on latter.model_key = former.model_key
),

former as (
    select model_key from before.counters
    union all
    select model_key from before.unreadable
),

went as (
    select former.model_key
    from former
    anti join now.compared as latter on former.model_key = latter.model_key
    anti join now.unreadable as unreadable on former.model_key = unreadable.model_key
)

select
    snapshot.source,
    snapshot.observed_on,
    came.model_key,
    true as is_there
from came
cross join now.snapshot as snapshot
union all
select
    snapshot.source,
    snapshot.observed_on,
    went.model_key,
    false as is_there
from went
cross join now.snapshot as snapshot
