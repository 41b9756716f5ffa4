/*
meaning: Every name a model was ever seen under; renames keep the id and with it the history.
kind: view
grain: [hub_id, model_name]
columns:
  hub_id: the Hub's immutable id
  model_name: owner/name
  first_seen_on: first day under this name
  last_seen_on: last day under this name
*/
select
    keys.hub_id,
    names.model_name,
    names.first_seen_on,
    names.last_seen_on
from staging.names as names
inner join staging.model_keys as keys on names.model_key = keys.model_key
