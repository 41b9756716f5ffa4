/*
meaning: >-
  Where each model belongs, and when: whose it is, under which terms it is offered, and all else that decides where its downloads are
  counted. Worked out once, so that a week has one join to make; publisher credit.
grain: [model_key, from_on]
columns:
  model_key: our number for the model
  lab_key: our number for the lab, as it was then
  home_key: our number for the lab and country, as weekly tables show them
  licence_class: class of the licence at that time
  is_gated: whether access had to be asked for at that time
  size_band: size class by number of parameters
  is_language: whether it is in S2, text generation or image-text-to-text
  large_at: moment from which it is in S3; null if it never was, or not at home there
  born_at: moment of its creation; the first day it was seen where that is unknown
  is_derived: whether it has parents that count
  is_alone: whether it neither has parents nor is parent or root of others, so that every credit is its own
  has_moved: whether it belonged or was offered otherwise at another time
  from_on: first week that it holds for
  until_on: first week that it no longer holds for
checks:
  - holds: {rule: from_on < until_on, says: a model belongs somewhere for a week or more}
*/
with bases as (
    select distinct base_key as model_key
    from staging.heirs
),

placed as (
    select
        homes.model_key,
        homes.lab_key,
        homes.is_first_party,
        terms.licence_class,
        terms.is_gated,
        greatest(homes.from_on, terms.from_on) as from_on,
        least(homes.until_on, terms.until_on) as until_on
    from staging.homes as homes
    inner join staging.terms as terms
        on homes.model_key = terms.model_key and homes.from_on < terms.until_on and terms.from_on < homes.until_on
)

select
    placed.model_key,
    placed.lab_key,
    labs.home_key,
    placed.licence_class,
    placed.is_gated,
    models.size_band,
    traits.is_language,
    case when placed.is_first_party and traits.is_language and traits.is_after_chatgpt and not traits.is_quantised then traits.large_at end as large_at,
    traits.born_at,
    traits.is_derived,
    not traits.is_derived and bases.model_key is null as is_alone,
    placed.from_on > date '0001-01-01' or placed.until_on < date '9999-12-31' as has_moved,
    placed.from_on,
    placed.until_on
from placed
inner join staging.known_labs as labs on placed.lab_key = labs.lab_key
inner join staging.traits as traits on placed.model_key = traits.model_key
inner join staging.models as models on placed.model_key = models.model_key
left join bases on placed.model_key = bases.model_key
