/*
meaning: The models whose steps can't be taken one by one, because their cumulative counter fell, was missing, or they were away for a while.
grain: [source, model_key]
columns:
  source: who captured them
  model_key: our number for the model
*/
select distinct
    source,
    model_key
from staging.counter_steps
where difference < 0 and not is_birth or difference is null
union
select
    source,
    model_key
from staging.sightings
where is_there
group by source, model_key
having count(*) > 1
