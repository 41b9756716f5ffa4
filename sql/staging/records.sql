/*
meaning: What a model's record says besides counters, one row whenever any of it is new or changed since the snapshot before.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured it
  observed_on: UTC day of the first snapshot that says so
  model_key: our number for the model
  model_name: owner/name
  namespace: owner part; null for names without one
  created_at: creation, UTC
  gated: false, auto or manual, as sent
  is_disabled: as sent
  is_removed: whether an archive says that the model is gone
  pipeline_tag: task the Hub files it under
  library: library that loads it
  tags: free and computed ones
  parameters_total: number of weights, from safetensors
  licence_id: licence id in lower case, from the Hub's tag, else from the card; null if none is stated
  card_base_models: parents in the card
  card_base_relation: relation in the card
  base_relation: relation that the Hub resolved
  base_models: parents that the Hub resolved
types:
  source: varchar
  observed_on: date
  model_key: integer
  model_name: varchar
  namespace: varchar
  created_at: timestamp
  gated: varchar
  is_disabled: boolean
  is_removed: boolean
  pipeline_tag: varchar
  library: varchar
  tags: varchar[]
  parameters_total: bigint
  licence_id: varchar
  card_base_models: varchar[]
  card_base_relation: varchar
  base_relation: varchar
  base_models: struct(hub_id varchar, model_name varchar)[]
*/
with changed as (
    select latter.model_key
    from now.counters as latter
    anti join before.counters as former
        on latter.model_key = former.model_key and latter.record_hash = former.record_hash
)

select
    models.source,
    models.observed_on,
    keys.model_key,
    models.model_name,
    case when contains(models.model_name, '/') then split_part(models.model_name, '/', 1) else models.author end as namespace,
    models.created_at,
    models.gated,
    models.is_disabled,
    models.is_removed,
    models.pipeline_tag,
    models.library,
    models.tags,
    models.parameters_total,
    coalesce(
        lower(substr(list_filter(models.tags, lambda tag: starts_with(tag, 'license:'))[1], 9)),
        lower(models.card_licence)
    ) as licence_id,
    models.card_base_models,
    models.card_base_relation,
    models.base_relation,
    models.base_models
from now.models as models
inner join sofar.model_keys as keys on coalesce(models.hub_id, 'name:' || models.model_name) = keys.hub_id
semi join changed on keys.model_key = changed.model_key
