/*
meaning: Which model says that it was made from which; all that was ever declared, and which of it counts.
kind: view
grain: [child_hub_id, parent_name]
columns:
  child_hub_id: the model that was made
  parent_hub_id: the model it was made from; null when no snapshot ever had it
  parent_name: the parent as named by the best evidence
  relation: finetune, adapter, quantized, merge or unspecified; as the newest record that tells it has it
  evidence: best evidence for the edge, resolved (the Hub's baseModels), tag (base_model tags) or card (the card's base_model)
  is_self_loop: whether the model names itself
  is_used: >-
    whether the newest record declares it, by the best kind of evidence that it has, or as a parent that the Hub can't resolve, by a tag; only these make
    core.roots
  first_seen_on: first day the edge was declared
  last_seen_on: last day it was declared
warnings:
  - Declared by uploaders. Self-loops and circles occur and are kept here; core.roots cuts them.
*/
select
    children.hub_id as child_hub_id,
    parents.hub_id as parent_hub_id,
    edges.parent_name,
    edges.relation,
    edges.evidence,
    edges.is_self_loop,
    edges.is_used,
    edges.first_seen_on,
    edges.last_seen_on
from staging.edges as edges
inner join staging.model_keys as children on edges.child_key = children.model_key
left join staging.model_keys as parents on edges.parent_key = parents.model_key
