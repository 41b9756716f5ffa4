/*
meaning: Which model says that it was made from which. One kind of evidence for each model and day; the best there is wins.
grain: [child_hub_id, parent_name, relation]
columns:
  child_hub_id: the model that was made
  parent_hub_id: the model it was made from; null when no snapshot ever had it
  parent_name: the parent as named by the evidence
  relation: finetune, adapter, quantized, merge or unspecified
  evidence: resolved (the Hub's baseModels), tag (base_model tags) or card (the card's base_model)
  is_self_loop: whether the model names itself
  first_seen_on: first day the edge was seen
  last_seen_on: last day it was seen
warnings:
  - Declared by uploaders. Self-loops and circles occur and are kept here; core.roots cuts them.
checks:
  - one_of: {column: evidence, values: [resolved, tag, card]}
  - one_of: {column: relation, values: [finetune, adapter, quantized, merge, unspecified]}
*/
with records as (
    select
        spans.source,
        spans.hub_id,
        spans.observed_on,
        spans.last_on,
        records.tags,
        records.base_models,
        records.base_relation,
        records.card_base_models,
        records.card_base_relation
    from staging.record_spans as spans
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.model_key = records.model_key
            and spans.observed_on = records.observed_on
),

resolved as (
    select
        source,
        hub_id,
        observed_on,
        last_on,
        unnest(base_models).hub_id as parent_hub_id,
        unnest(base_models).model_name as parent_name,
        base_relation as relation
    from records
),

tagged as (
    select
        source,
        hub_id,
        observed_on,
        last_on,
        unnest(list_filter(tags, lambda tag: starts_with(tag, 'base_model:'))) as tag
    from records
),

tags as (
    select
        source,
        hub_id,
        observed_on,
        last_on,
        regexp_replace(tag, '^base_model:((finetune|adapter|quantized|merge):)?', '') as parent_name,
        max(nullif(regexp_extract(tag, '^base_model:(finetune|adapter|quantized|merge):', 1), '')) as relation
    from tagged
    group by
        source,
        hub_id,
        observed_on,
        last_on,
        regexp_replace(tag, '^base_model:((finetune|adapter|quantized|merge):)?', '')
),

cards as (
    select
        source,
        hub_id,
        observed_on,
        last_on,
        unnest(card_base_models) as parent_name,
        card_base_relation as relation
    from records
),

evidence as (
    select source, hub_id, observed_on, last_on, parent_hub_id, parent_name, relation, 'resolved' as evidence, 1 as priority from resolved
    union all
    select source, hub_id, observed_on, last_on, null as parent_hub_id, parent_name, relation, 'tag' as evidence, 2 as priority from tags
    union all
    select source, hub_id, observed_on, last_on, null as parent_hub_id, parent_name, relation, 'card' as evidence, 3 as priority from cards
),

best as (
    select *
    from evidence
    where trim(parent_name) <> ''
    qualify priority = min(priority) over (partition by source, hub_id, observed_on)
),

edges as (
    select
        hub_id as child_hub_id,
        trim(parent_name) as parent_name,
        case
            when lower(relation) in ('finetune', 'adapter', 'quantized', 'merge') then lower(relation)
            else 'unspecified'
        end as relation,
        max(parent_hub_id) as parent_hub_id,
        arg_min(evidence, priority) as evidence,
        min(observed_on) as first_seen_on,
        max(last_on) as last_seen_on
    from best
    group by
        hub_id,
        trim(parent_name),
        case
            when lower(relation) in ('finetune', 'adapter', 'quantized', 'merge') then lower(relation)
            else 'unspecified'
        end
),

-- Names that differ only in case do coexist on the Hub, so an exact match goes first.
exact as (
    select
        model_name,
        arg_max(hub_id, last_seen_on) as hub_id
    from core.model_names
    group by model_name
),

folded as (
    select
        lower(model_name) as name_key,
        arg_max(hub_id, last_seen_on) as hub_id
    from core.model_names
    group by lower(model_name)
)

select
    edges.child_hub_id,
    coalesce(edges.parent_hub_id, exact.hub_id, folded.hub_id) as parent_hub_id,
    edges.parent_name,
    edges.relation,
    edges.evidence,
    coalesce(coalesce(edges.parent_hub_id, exact.hub_id, folded.hub_id) = edges.child_hub_id, false) as is_self_loop,
    edges.first_seen_on,
    edges.last_seen_on
from edges
left join exact on edges.parent_name = exact.model_name
left join folded on lower(edges.parent_name) = folded.name_key
