/*
meaning: Every name a model was ever seen under; renames keep the id and with it the history.
grain: [hub_id, model_name]
columns:
  hub_id: the Hub's immutable id
  model_name: owner/name
  first_seen_on: first day under this name
  last_seen_on: last day under this name
*/
select
    hub_id,
    model_name,
    min(observed_on) as first_seen_on,
    max(observed_on) as last_seen_on
from staging.models
group by hub_id, model_name
