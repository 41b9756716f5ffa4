/*
meaning: What each derived model is, and to whom its downloads are passed on, to its parents and to where it comes from in the end.
grain: [credit, child_key, base_key]
columns:
  credit: direct, the parents; root, where these come from in the end
  child_key: our number for the derived model
  base_key: our number for the parent or root, below zero for a stub
  relation: what the derived model is, quantized before merge before adapter before finetune where it has parents in several ways
  weight: part of the model; the parts of a model add up to 1 for each credit
*/
with kinds as (
    select
        child_key,
        arg_min(
            relation,
            case relation when 'quantized' then 1 when 'merge' then 2 when 'adapter' then 3 when 'finetune' then 4 else 5 end
        ) as relation
    from staging.parents
    group by child_key
),

lines as (
    select
        'direct' as credit,
        child_key,
        parent_key as base_key,
        weight
    from staging.parents
    union all
    select
        'root' as credit,
        model_key as child_key,
        root_key as base_key,
        weight
    from staging.ancestors
)

select
    lines.credit,
    lines.child_key,
    lines.base_key,
    kinds.relation,
    lines.weight
from lines
inner join kinds on lines.child_key = kinds.child_key
