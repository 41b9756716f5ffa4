/*
meaning: Where each model belongs, and when, with what decides how its downloads are compared over time; publisher credit.
grain: [model_key, from_on]
columns:
  model_key: our number for the model
  home_key: our number for the lab and its country
  from_on: first week it holds for
  until_on: first week it no longer holds for
  has_moved: whether it belongs somewhere else at another time
  is_language: whether the model is in S2
  born_at: moment of its creation
checks:
  - holds: {rule: from_on < until_on, says: a model belongs somewhere for a week or more}
*/
with labs as (
    select
        publishers.namespace,
        homes.home_key,
        publishers.valid_from,
        publishers.valid_to
    from staging.publishers as publishers
    left join staging.listed_labs as listed on publishers.lab = listed.lab
    inner join staging.shown_labs as homes
        on homes.lab = coalesce(listed.lab, 'hf:(others)') and publishers.country = homes.country
)

select
    traits.model_key,
    labs.home_key,
    greatest(tenures.from_on, labs.valid_from) as from_on,
    least(tenures.until_on, labs.valid_to) as until_on,
    greatest(tenures.from_on, labs.valid_from) > date '0001-01-01' or least(tenures.until_on, labs.valid_to) < date '9999-12-31' as has_moved,
    traits.is_language,
    traits.born_at
from staging.traits as traits
inner join staging.tenures as tenures on traits.model_key = tenures.model_key
inner join labs
    on tenures.namespace = labs.namespace and tenures.from_on < labs.valid_to and labs.valid_from < tenures.until_on
