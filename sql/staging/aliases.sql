/*
meaning: Names from archives without ids that are models of which a capture told the id; every other number stands for itself.
grain: [model_key]
columns:
  model_key: our number for the name
  known_key: our number for the Hub id last seen under that name
*/
with names as (
    select
        model_key,
        substr(hub_id, 6) as model_name
    from staging.model_keys
    where starts_with(hub_id, 'name:')
),

told as (
    select
        records.model_name,
        arg_max(records.model_key, records.observed_on) as known_key
    from staging.records as records
    semi join names on records.model_name = names.model_name
    anti join names as unknown on records.model_key = unknown.model_key
    group by records.model_name
)

select
    names.model_key,
    told.known_key
from names
inner join told on names.model_name = told.model_name
