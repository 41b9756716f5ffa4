/*
meaning: Which Hub id each of our numbers stands for; a name from an archive without ids takes the id last seen under it.
grain: [model_key]
columns:
  model_key: our number
  hub_id: the Hub's `_id`, or `name:` and the name where no capture ever told the id
*/
with named as (
    select
        records.model_name,
        arg_max(keys.hub_id, records.observed_on) as hub_id
    from staging.records as records
    inner join staging.model_keys as keys on records.model_key = keys.model_key
    where not starts_with(keys.hub_id, 'name:')
    group by records.model_name
)

select
    keys.model_key,
    coalesce(named.hub_id, keys.hub_id) as hub_id
from staging.model_keys as keys
left join named
    on case when starts_with(keys.hub_id, 'name:') then substr(keys.hub_id, 6) end = named.model_name
