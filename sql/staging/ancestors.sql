/*
meaning: >-
  How much of each derived model goes back to which root. Models without a parent that counts are their own root and have
  no row.
grain: [model_key, root_key]
columns:
  model_key: our number for the derived model
  root_key: our number for its root, below zero for a stub
  weight: its part of the model; a model's parts add up to 1
  depth: fewest hops from the model to it
*/
select
    model_key,
    root_key,
    cast(sum(cast(weight as decimal(38, 18))) as double) as weight,
    min(depth) as depth
from staging.climbs
where not is_only
group by model_key, root_key
union all
select
    model_key,
    root_key,
    weight,
    depth
from staging.climbs
where is_only
