/*
meaning: What decides whether a model is in a scope, by our numbers.
grain: [model_key]
columns:
  model_key: our number for the model
  is_language: whether it is in S2, text generation or image-text-to-text
  is_derived: whether it has parents that count
  is_quantised: whether it says that it is a quantised form of another
  born_at: moment of its creation; the first day it was seen where that is unknown
  is_after_chatgpt: whether it was created after 2022-11-30, as S3 asks
  large_at: moment it passed 100,000 downloads of all time; null if it never did
  listed_from: >-
    day of its creation, the first day it was seen where that is unknown; of the last whole capture before that lacked it, where that is
    later, because it was hidden until then
  gone_on: first day it was no longer listed; null if it is
*/
with relations as (
    select
        child_key as model_key,
        bool_or(relation = 'quantized') as is_quantised
    from staging.parents
    group by child_key
),

large as (
    select
        coalesce(aliases.known_key, milestones.model_key) as model_key,
        min(milestones.passed_at) as large_at
    from staging.milestones as milestones
    left join staging.aliases as aliases on milestones.model_key = aliases.model_key
    where milestones.threshold = 100000
    group by coalesce(aliases.known_key, milestones.model_key)
),

-- Among few days of captures the millions of models have even fewer first ones.
lacking as (
    select
        days.first_seen_on,
        max(chain.observed_on) as lacked_on
    from (select distinct first_seen_on from staging.models) as days
    inner join staging.chain as chain
        on chain.source = 'huggingface' and chain.is_complete and chain.observed_on < days.first_seen_on
    group by days.first_seen_on
)

select
    models.model_key,
    coalesce(models.pipeline_tag in ('text-generation', 'image-text-to-text'), false) as is_language,
    relations.model_key is not null as is_derived,
    coalesce(relations.is_quantised, false) as is_quantised,
    coalesce(models.created_at, cast(models.first_seen_on as timestamp)) as born_at,
    coalesce(models.created_at >= timestamp '2022-12-01', false) as is_after_chatgpt,
    large.large_at,
    greatest(least(cast(models.created_at as date), models.first_seen_on), lacking.lacked_on) as listed_from,
    models.removed_on as gone_on
from staging.models as models
left join lacking on models.first_seen_on = lacking.first_seen_on
left join relations on models.model_key = relations.model_key
left join large on models.model_key = large.model_key
