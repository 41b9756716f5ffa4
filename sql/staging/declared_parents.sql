/*
meaning: The parents that each new or changed record declares, by every kind of evidence.
per: snapshot
grain: [source, observed_on, model_key, evidence, parent_name]
columns:
  source: who captured the record
  observed_on: UTC day of the first snapshot that says so
  model_key: our number for the model that was made
  evidence: resolved (the Hub's baseModels), tag (base_model tags) or card (the card's base_model)
  parent_name: the parent as named there
  parent_hub_id: the parent's id, where the Hub resolved it
  relation: finetune, adapter, quantized, merge or unspecified
types:
  source: varchar
  observed_on: date
  model_key: integer
  evidence: varchar
  parent_name: varchar
  parent_hub_id: varchar
  relation: varchar
*/
with resolved as (
    select
        model_key,
        unnest(base_models).hub_id as parent_hub_id,
        unnest(base_models).model_name as parent_name,
        base_relation as relation
    from now.records
),

tagged as (
    select
        model_key,
        unnest(list_filter(tags, lambda tag: starts_with(tag, 'base_model:'))) as tag
    from now.records
),

carded as (
    select
        model_key,
        unnest(card_base_models) as parent_name,
        card_base_relation as relation
    from now.records
),

declared as (
    select
        model_key,
        'resolved' as evidence,
        parent_name,
        parent_hub_id,
        relation
    from resolved
    union all
    select
        model_key,
        'tag' as evidence,
        regexp_replace(tag, '^base_model:((finetune|adapter|quantized|merge):)?', '') as parent_name,
        null as parent_hub_id,
        nullif(regexp_extract(tag, '^base_model:(finetune|adapter|quantized|merge):', 1), '') as relation
    from tagged
    union all
    select
        model_key,
        'card' as evidence,
        parent_name,
        null as parent_hub_id,
        relation
    from carded
)

select
    snapshot.source,
    snapshot.observed_on,
    declared.model_key,
    declared.evidence,
    trim(declared.parent_name) as parent_name,
    max(declared.parent_hub_id) as parent_hub_id,
    coalesce(
        max(lower(declared.relation)) filter (where lower(declared.relation) in ('finetune', 'adapter', 'quantized', 'merge')),
        'unspecified'
    ) as relation
from declared
cross join now.snapshot as snapshot
where trim(declared.parent_name) <> ''
group by snapshot.source, snapshot.observed_on, declared.model_key, declared.evidence, trim(declared.parent_name)
