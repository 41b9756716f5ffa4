/*
meaning: Where each model comes from in the end; a model made from nothing known is its own root.
kind: view
grain: [hub_id, root_name]
columns:
  hub_id: the Hub's immutable id of the model
  root_hub_id: id of its root; null for one that is named but was never seen
  root_name: name of the root when last seen, or as it is named
  weight: part of the model that goes back to this root; the parts of a model add up to 1
  depth: fewest hops from the model to the root; 0 if it is its own
*/
with roots as (
    select
        model_key,
        root_key,
        weight,
        depth
    from staging.ancestors
    union all
    select
        models.model_key,
        models.model_key as root_key,
        1.0 as weight,
        0 as depth
    from staging.models as models
    anti join staging.ancestors as derived on models.model_key = derived.model_key
)

select
    models.hub_id,
    above.hub_id as root_hub_id,
    coalesce(above.model_name, stubs.model_name) as root_name,
    roots.weight,
    roots.depth
from roots
inner join staging.models as models on roots.model_key = models.model_key
left join staging.models as above on roots.root_key = above.model_key
left join staging.stubs as stubs on roots.root_key = stubs.model_key
