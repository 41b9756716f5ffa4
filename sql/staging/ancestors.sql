/*
meaning: >-
  How much of each derived model goes back to which root. Run hop by hop: each hop replaces an ancestor that has parents
  itself by these. Models without a parent that counts are their own root and have no row.
per: hop
grain: [model_key, root_key]
columns:
  model_key: our number for the derived model
  root_key: our number for the ancestor reached so far, below zero for a stub
  weight: its part of the model; a model's parts add up to 1
  depth: fewest hops from the model to it
  is_open: whether it has parents itself, so that another hop is needed; after 20 hops it stays as it is
types: {model_key: integer, root_key: integer, weight: double, depth: integer, is_open: boolean}
*/
with hops as (
    select
        parents.child_key as model_key,
        parents.parent_key as root_key,
        parents.weight,
        1 as depth
    from staging.parents as parents
    inner join now.hop as hop on hop.number = 1
    union all
    select
        before.model_key,
        before.root_key,
        before.weight,
        before.depth
    from before.ancestors as before
    where not before.is_open
    union all
    select
        before.model_key,
        parents.parent_key as root_key,
        before.weight * parents.weight as weight,
        before.depth + 1 as depth
    from before.ancestors as before
    inner join staging.parents as parents on before.root_key = parents.child_key
),

merged as (
    select
        model_key,
        root_key,
        cast(sum(cast(weight as decimal(38, 18))) as double) as weight,
        min(depth) as depth
    from hops
    group by model_key, root_key
)

select
    merged.model_key,
    merged.root_key,
    merged.weight,
    cast(merged.depth as integer) as depth,
    upper.child_key is not null as is_open
from merged
left join (select distinct child_key from staging.parents) as upper on merged.root_key = upper.child_key
