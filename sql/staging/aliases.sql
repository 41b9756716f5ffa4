/*
meaning: Names from archives without ids that are models of which a capture told the id; every other number stands for itself.
grain: [model_key]
columns:
  model_key: our number for the name
  known_key: our number for the Hub id last seen under that name, of those created before it was first listed
*/
with names as (
    select
        keys.model_key,
        substr(keys.hub_id, 6) as model_name,
        min(sightings.observed_on) as first_on
    from staging.model_keys as keys
    inner join staging.sightings as sightings on keys.model_key = sightings.model_key
    where starts_with(keys.hub_id, 'name:')
    group by keys.model_key, keys.hub_id
),

told as (
    select
        records.model_name,
        arg_max(records.model_key, records.observed_on) as known_key
    from staging.records as records
    inner join names on records.model_name = names.model_name
    anti join names as unknown on records.model_key = unknown.model_key
    -- A model created since has taken over the name, not the downloads.
    where records.created_at is null or records.created_at < names.first_on + 1
    group by records.model_name
)

select
    names.model_key,
    told.known_key
from names
inner join told on names.model_name = told.model_name
