/*
meaning: Parents that are or were named but never seen, with a number below zero each, so that they can get credit like models.
grain: [model_key]
columns:
  model_key: our number for the name, below zero
  model_name: the parent as named
  namespace: owner parsed from the name; null where it has none
*/
select
    cast(-row_number() over (order by lower(parent_name)) as integer) as model_key,
    min(parent_name) as model_name,
    min(case when contains(parent_name, '/') then split_part(parent_name, '/', 1) end) as namespace
from staging.edges
where parent_key is null
group by lower(parent_name)
