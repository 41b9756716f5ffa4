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
  gated: false, auto or manual; an archive may say only true, and writes it in any case
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
  record_hash: changes whenever any of it changes
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
  record_hash: ubigint
*/
with told as (
    select
        *,
        hash(row(
            model_name,
            author,
            created_at,
            gated,
            is_disabled,
            is_removed,
            pipeline_tag,
            library,
            tags,
            parameters_total,
            card_licence,
            card_base_models,
            card_base_relation,
            base_relation,
            base_models
        )) as record_hash
    from now.models
)

select
    snapshot.source,
    snapshot.observed_on,
    compared.model_key,
    told.model_name,
    case when contains(told.model_name, '/') then split_part(told.model_name, '/', 1) else told.author end as namespace,
    told.created_at,
    lower(told.gated) as gated,
    told.is_disabled,
    told.is_removed,
    told.pipeline_tag,
    told.library,
    told.tags,
    told.parameters_total,
    coalesce(
        lower(substr(list_filter(told.tags, lambda tag: starts_with(tag, 'license:'))[1], 9)),
        lower(told.card_licence)
    ) as licence_id,
    told.card_base_models,
    told.card_base_relation,
    told.base_relation,
    told.base_models,
    told.record_hash
from told
-- A left join holds the narrow side in memory: an inner one may choose the records.
left join now.compared as compared on told.file_row_number = compared.place
cross join now.snapshot as snapshot
where told.record_hash is distinct from compared.former_hash
