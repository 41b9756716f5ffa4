/*
meaning: >-
  Edges that don't count because by them models descend from themselves: each circle is cut at its oldest member, which keeps
  the parents it has outside and is a root if it has none. Models that name themselves need no cut.
through: lineage.cycle_cuts
grain: [child_key, parent_key]
columns:
  child_key: our number for the oldest member of a circle
  parent_key: our number for the member that it names as a parent
*/
with used as (
    select
        child_key,
        parent_key
    from staging.edges
    where is_used and parent_key is not null and not is_self_loop
)

-- Only who is a child as well as a parent can be in a circle.
select
    used.child_key,
    used.parent_key,
    models.created_at as child_created_at
from used
inner join staging.models as models on used.child_key = models.model_key
semi join used as below on used.child_key = below.parent_key
semi join used as above on used.parent_key = above.child_key
