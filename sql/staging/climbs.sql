/*
meaning: >-
  Every way from a derived model up to where it comes from. Run hop by hop: each hop takes the ways that are not at their end one
  parent further up; the others stay as they are.
per: hop
grain: [model_key, root_key, depth]
columns:
  model_key: our number for the derived model
  root_key: our number for the ancestor reached, below zero for a stub
  weight: its part of the model on ways of this length
  depth: hops from the model to it
  is_open: whether it has parents itself, so that another hop is needed; after 20 hops it stays as it is
  is_only: whether no model on the way has a second parent, so that the model has no other way
types: {model_key: integer, root_key: integer, weight: double, depth: integer, is_open: boolean, is_only: boolean}
*/
with hops as (
    select
        parents.child_key as model_key,
        parents.parent_key as root_key,
        parents.weight,
        1 as depth,
        parents.is_derived as is_open,
        parents.weight = 1 as is_only
    from staging.parents as parents
    inner join now.hop as hop on hop.number = 1
    union all
    select
        before.model_key,
        parents.parent_key as root_key,
        before.weight * parents.weight as weight,
        before.depth + 1 as depth,
        parents.is_derived as is_open,
        before.is_only and parents.weight = 1 as is_only
    from before.climbs as before
    inner join staging.parents as parents on before.root_key = parents.child_key
)

-- Ways that meet go on as one, or merges of merges would double them at every hop.
select
    model_key,
    root_key,
    cast(sum(cast(weight as decimal(38, 18))) as double) as weight,
    cast(min(depth) as integer) as depth,
    bool_or(is_open) as is_open,
    false as is_only
from hops
where not is_only
group by model_key, root_key
union all
select
    model_key,
    root_key,
    weight,
    depth,
    is_open,
    is_only
from hops
where is_only
