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
with latter as (
    select model_key from now.counters
    union all
    select model_key from now.unreadable
),

former as (
    select model_key from before.counters
    union all
    select model_key from before.unreadable
)

select
    snapshot.source,
    snapshot.observed_on,
    coalesce(latter.model_key, former.model_key) as model_key,
    latter.model_key is not null as is_there
from latter
full join former on latter.model_key = former.model_key
cross join now.snapshot as snapshot
where latter.model_key is null or former.model_key is null
