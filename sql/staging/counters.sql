/*
meaning: The counters of every model in every snapshot, as sent, in as few bytes as possible.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured it
  observed_on: UTC day of the snapshot
  model_key: our number for the model
  downloads_30d: rolling 30-day counter; null if not sent
  downloads_all_time: cumulative counter; null if not sent
  likes: hearts given by users; null if not sent
  record_hash: changes whenever anything else about the model changes
types:
  source: varchar
  observed_on: date
  model_key: integer
  downloads_30d: bigint
  downloads_all_time: bigint
  likes: bigint
  record_hash: ubigint
*/
select
    models.source,
    models.observed_on,
    keys.model_key,
    models.downloads_30d,
    models.downloads_all_time,
    models.likes,
    hash(row(
        models.model_name,
        models.author,
        models.created_at,
        models.gated,
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
    )) as record_hash
from now.models as models
inner join sofar.model_keys as keys on coalesce(models.hub_id, 'name:' || models.model_name) = keys.hub_id
