/*
meaning: A small number for every model ever seen, readable or not, so that counters of millions of models can be joined as integers.
per: snapshot
grain: [hub_id]
columns:
  hub_id: the Hub's `_id`; `name:` and the name in an archive that has no ids
  model_key: our number for it; it means nothing outside one home
types: {hub_id: varchar, model_key: integer}
*/
with arrived as (
    select models.identity
    from now.models as models
    anti join sofar.model_keys as known on models.identity = known.hub_id
    union
    -- What is first seen in a record that can't be read was there all the same.
    select quarantined.hub_id as identity
    from now.quarantined as quarantined
    anti join sofar.model_keys as known on quarantined.hub_id = known.hub_id
    where quarantined.hub_id is not null
)

select
    identity as hub_id,
    cast((select count(*) from sofar.model_keys) + row_number() over (order by identity) as integer) as model_key
from arrived
