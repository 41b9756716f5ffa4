/*
meaning: >-
  The releases of reviewed labs: every model that a lab published in its own namespace, no quantised re-pack, with licence and gate
  as first recorded.
grain: [model_key]
columns:
  model_key: our number for the model
  lab: slug of the lab that owned the namespace when the model was created
  country: country of that lab then, or INTERNATIONAL
  released_at: moment of its creation; the first day it was seen where that is unknown
  month: first day of the month of its release
  is_permissive: whether the first licence that it stated is permissive
  is_gated: whether access had to be asked for when it was first recorded
  is_base: whether it names no parent that counts
  is_language: whether it is in S2, text generation and image-text-to-text
  parameters_total: number of weights, null if the Hub does not say
  withdrawn_on: day before the first complete snapshot without it, or before an archive called it removed; null if it is there
*/
with own as (
    select
        traits.model_key,
        homes.lab,
        homes.country,
        traits.born_at as released_at,
        traits.is_language,
        traits.gone_on - 1 as withdrawn_on
    from staging.homes as homes
    inner join staging.traits as traits
        on
            homes.model_key = traits.model_key
            and homes.from_on <= date_trunc('week', traits.born_at)
            and date_trunc('week', traits.born_at) < homes.until_on
    where homes.is_first_party and not traits.is_quantised
),

told as (
    select
        spans.model_key,
        spans.observed_on,
        records.gated,
        records.licence_id,
        records.source
    from own
    inner join staging.record_spans as spans on own.model_key = spans.model_key
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.listed_key = records.model_key
            and spans.observed_on = records.observed_on
),

-- A day's records of two sources are told apart by the name of the source, so that every build picks the same one.
first_told as (
    select
        model_key,
        arg_min(gated, (observed_on, source)) filter (where gated is not null) as gated,
        arg_min(licence_id, (observed_on, source)) filter (where licence_id is not null) as licence_id
    from told
    group by model_key
),

derived as (
    select distinct child_key as model_key
    from staging.parents
)

select
    own.model_key,
    own.lab,
    own.country,
    own.released_at,
    cast(date_trunc('month', own.released_at) as date) as month,
    coalesce(classes.licence_class = 'permissive', false) as is_permissive,
    coalesce(first_told.gated not in ('false', ''), false) as is_gated,
    derived.model_key is null as is_base,
    own.is_language,
    models.parameters_total,
    own.withdrawn_on
from own
inner join staging.models as models on own.model_key = models.model_key
left join first_told on own.model_key = first_told.model_key
left join derived on own.model_key = derived.model_key
left join registry.licences as classes on first_told.licence_id = classes.licence_id
