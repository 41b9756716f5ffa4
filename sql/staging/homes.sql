/*
meaning: In which weeks each model belonged to a reviewed lab that is no community; of most models there is no row.
grain: [model_key, from_on]
columns:
  model_key: our number for the model, below zero for a stub
  lab: slug of the lab
  country: country of the lab, or INTERNATIONAL
  from_on: first week it holds for
  until_on: first week it no longer holds for
*/
select
    tenures.model_key,
    publishers.lab,
    publishers.country,
    greatest(tenures.from_on, publishers.valid_from) as from_on,
    least(tenures.until_on, publishers.valid_to) as until_on
from staging.publishers as publishers
inner join staging.tenures as tenures
    on
        publishers.namespace = tenures.namespace
        and publishers.valid_from < tenures.until_on
        and tenures.from_on < publishers.valid_to
where publishers.is_first_party
