/*
meaning: By whom and how each model was offered in which week; whose it was, under which terms, how large.
grain: [model_key, from_on]
columns:
  model_key: our number for the model
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones
  country: country of the lab; UNKNOWN where the namespace was not reviewed
  licence_class: class of the licence at that time
  is_gated: whether access had to be asked for at that time
  size_band: size class by number of parameters
  from_on: first week that it holds for
  until_on: first week that it no longer holds for
*/
select
    homes.model_key,
    coalesce(listed.lab, 'hf:(others)') as lab,
    homes.country,
    terms.licence_class,
    terms.is_gated,
    models.size_band,
    greatest(homes.from_on, terms.from_on) as from_on,
    least(homes.until_on, terms.until_on) as until_on
from staging.homes as homes
inner join staging.terms as terms
    on homes.model_key = terms.model_key and homes.from_on < terms.until_on and terms.from_on < homes.until_on
inner join staging.models as models on homes.model_key = models.model_key
left join staging.listed_labs as listed on homes.lab = listed.lab
