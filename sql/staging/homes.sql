/*
meaning: Whose each model, and each parent never seen, is in which week; lab and country follow the registry of that week.
grain: [model_key, from_on]
columns:
  model_key: our number for the model, below zero for a stub
  lab_key: our number for the lab, as it was then
  namespace: owner in that time; the whole name where it has none, of a path on somebody's disk together with the child that names it
  lab: slug of the lab; hf and the namespace where it was not reviewed
  country: country of the lab; UNKNOWN where the namespace was not reviewed
  is_first_party: whether the lab is reviewed and no community of uploaders
  from_on: first week that it holds for
  until_on: first week that it no longer holds for
*/
select
    tenures.model_key,
    publishers.lab_key,
    tenures.namespace,
    publishers.lab,
    publishers.country,
    publishers.is_first_party,
    greatest(tenures.from_on, publishers.valid_from) as from_on,
    least(tenures.until_on, publishers.valid_to) as until_on
from staging.tenures as tenures
inner join staging.publishers as publishers
    on
        tenures.namespace = publishers.namespace
        and tenures.from_on < publishers.valid_to
        and publishers.valid_from < tenures.until_on
