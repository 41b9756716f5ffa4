/*
meaning: Parents that are or were named but never seen, with a number below zero each, so that they can get credit like models.
grain: [model_key]
columns:
  model_key: our number for the name, below zero
  stub_name: what tells it apart, as in staging.edges
  model_name: the parent as named
  namespace: owner parsed from the name; null where it has none
*/
select
    cast(-row_number() over (order by stub_name) as integer) as model_key,
    stub_name,
    min(parent_name) as model_name,
    -- A name with more in it than an owner and a model is a path, which has no owner.
    min(case when stub_name = lower(parent_name) and contains(parent_name, '/') then split_part(parent_name, '/', 1) end) as namespace
from staging.edges
where parent_key is null
group by stub_name
