/*
meaning: The first model of each country that passed each threshold of downloads, which is when the country entered.
grain: [scope, variant, threshold, country]
columns:
  scope: S1 all models; S2 text generation and image-text-to-text
  variant: any, all releases of reviewed labs but quantised re-packs; base, only those that name no parent
  threshold: downloads of all time; 0 is the release itself
  country: country of the lab at the release, or INTERNATIONAL
  country_name: short name
  entered_on: day the threshold was first seen passed; the day of the release for 0
  quarter: first day of the quarter of entered_on
  is_first_look: whether it had passed by the first list of the whole Hub, so that nobody knows when it entered
  lab: lab of the model
  hub_id: the Hub's immutable id of the model; of several on one day the first by id
  model_name: owner/name when last seen
  as_of: last snapshot used
checks:
  - one_of: {column: variant, values: [any, base]}
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: country <> 'UNKNOWN', says: only reviewed labs give a country reach}
  - holds: {rule: entered_on <= as_of, says: nobody enters after the last snapshot}
warnings:
  - Before the first snapshot only models that were still listed then are known, so a country may have entered earlier with one that is gone.
  - A country without a reviewed lab is not here, whatever is published there.
*/
with scoped as (
    select
        'S1' as scope,
        passings.*
    from staging.reach_passings as passings
    union all
    select
        'S2' as scope,
        passings.*
    from staging.reach_passings as passings
    where passings.is_language
),

varied as (
    select
        'any' as variant,
        scoped.*
    from scoped
    union all
    select
        'base' as variant,
        scoped.*
    from scoped
    where scoped.is_base
)

select
    varied.scope,
    varied.variant,
    varied.threshold,
    varied.country,
    coalesce(countries.country_name, varied.country) as country_name,
    varied.passed_on as entered_on,
    cast(date_trunc('quarter', varied.passed_on) as date) as quarter,
    varied.is_first_look,
    varied.lab,
    models.hub_id,
    models.model_name,
    (select max(chain.newest_on) from staging.chain as chain where chain.source <> 'huggingface_quick') as as_of
from varied
inner join staging.models as models on varied.model_key = models.model_key
left join registry.countries as countries on varied.country = countries.country
qualify row_number() over (
    partition by varied.scope, varied.variant, varied.threshold, varied.country
    order by varied.passed_on asc, models.hub_id asc
) = 1
