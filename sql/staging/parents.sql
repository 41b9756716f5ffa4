/*
meaning: The parents that count, each with its part of the child; circles are cut, and a name never seen stands as a stub.
grain: [child_key, parent_key]
columns:
  child_key: our number for the model that was made
  parent_key: our number for its parent, below zero for a stub
  relation: finetune, adapter, quantized, merge or unspecified
  weight: 1 / number of parents
  is_derived: whether the parent has parents that count itself
*/
with counted as (
    select
        edges.child_key,
        coalesce(edges.parent_key, stubs.model_key) as parent_key,
        edges.relation
    from staging.edges as edges
    left join staging.stubs as stubs on edges.stub_name = stubs.stub_name
    anti join staging.cycle_cuts as cuts on edges.child_key = cuts.child_key and edges.parent_key = cuts.parent_key
    where edges.is_used and not edges.is_self_loop
)

select
    child_key,
    parent_key,
    relation,
    1.0 / cast(count(*) over (partition by child_key) as double) as weight,
    parent_key in (select above.child_key from counted as above) as is_derived
from counted
