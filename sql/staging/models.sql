/*
meaning: Every record of every sealed snapshot under the Hub's immutable id; a record from an archive that has only names takes the id last seen under its name.
kind: view
grain: [source, hub_id, observed_on]
columns:
  source: who captured it
  hub_id: the Hub's `_id`, or `name:` and the name where no capture ever told the id
  observed_on: UTC day of the snapshot
  model_name: owner/name on that day
  namespace: owner part; null for names without one
  created_at: creation, UTC
  last_modified_at: last commit, UTC
  downloads_30d: rolling 30-day counter
  downloads_all_time: cumulative counter
  likes: hearts given by users
  trending_score: the Hub's own score
  gated: false, auto or manual, as sent
  is_private: as sent
  is_disabled: as sent
  is_removed: whether an archive says that the model is gone
  pipeline_tag: task the Hub files it under
  library: library that loads it
  tags: free and computed ones
  parameters_total: number of weights, from safetensors
  card_licence: licence in the card
  card_base_models: parents in the card
  card_base_relation: relation in the card
  base_relation: relation that the Hub resolved
  base_models: parents that the Hub resolved
*/
with ids as (
    select
        model_name,
        arg_max(hub_id, observed_on) as hub_id
    from raw.models
    where hub_id is not null
    group by model_name
)

select
    models.source,
    coalesce(models.hub_id, ids.hub_id, 'name:' || models.model_name) as hub_id,
    models.observed_on,
    models.model_name,
    case when contains(models.model_name, '/') then split_part(models.model_name, '/', 1) else models.author end as namespace,
    models.created_at,
    models.last_modified_at,
    models.downloads_30d,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    models.gated,
    models.is_private,
    models.is_disabled,
    models.is_removed,
    models.pipeline_tag,
    models.library,
    models.tags,
    models.parameters_total,
    models.card_licence,
    models.card_base_models,
    models.card_base_relation,
    models.base_relation,
    models.base_models
from raw.models as models
left join ids on case when models.hub_id is null then models.model_name end = ids.model_name
