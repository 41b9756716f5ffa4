/*
meaning: Every model as it was released - when, by whom, under which terms, and whether it is the publisher's own work.
grain: [model_key]
columns:
  model_key: our number for the model
  week: Monday of the ISO week of its creation; of the first day it was seen where that is unknown
  month: first day of the month of its creation
  quarter: first day of the quarter of its creation
  namespace: owner in that week
  lab: lab of the owner in that week; hf and the namespace where it was not reviewed
  country: country of the lab in that week; UNKNOWN where the namespace was not reviewed
  licence_class: class of the licence that was first recorded
  is_gated: whether access had to be asked for when it was first recorded
  size_band: size class by number of parameters
  is_language: text generation or image-text-to-text
  is_used: whether it was ever seen with more than five downloads
  is_own: whether it is no quantised form and comes from no other lab's model
checks:
  - not_null: [week, month, quarter, lab, country, licence_class, is_gated, size_band]
*/
with derived as (
    select
        lines.child_key,
        bool_or(lines.relation = 'quantized' or lines.base_lab <> homes.lab) as is_of_others
    from staging.birth_lines as lines
    inner join staging.traits as traits on lines.child_key = traits.model_key
    inner join staging.homes as homes
        on
            lines.child_key = homes.model_key
            and homes.from_on <= cast(date_trunc('week', traits.born_at) as date)
            and cast(date_trunc('week', traits.born_at) as date) < homes.until_on
    where lines.credit = 'root'
    group by lines.child_key
),

used as (
    select distinct coalesce(aliases.known_key, seen.model_key) as model_key
    from staging.used_models as seen
    left join staging.aliases as aliases on seen.model_key = aliases.model_key
)

select
    traits.model_key,
    cast(date_trunc('week', traits.born_at) as date) as week,
    cast(date_trunc('month', traits.born_at) as date) as month,
    cast(date_trunc('quarter', traits.born_at) as date) as quarter,
    homes.namespace,
    homes.lab,
    homes.country,
    terms.licence_class,
    terms.is_gated,
    models.size_band,
    traits.is_language,
    used.model_key is not null as is_used,
    not coalesce(derived.is_of_others, false) as is_own
from staging.traits as traits
inner join staging.models as models on traits.model_key = models.model_key
inner join staging.homes as homes
    on
        traits.model_key = homes.model_key
        and homes.from_on <= cast(date_trunc('week', traits.born_at) as date)
        and cast(date_trunc('week', traits.born_at) as date) < homes.until_on
inner join staging.terms as terms on traits.model_key = terms.model_key and terms.from_on = date '0001-01-01'
left join used on traits.model_key = used.model_key
left join derived on traits.model_key = derived.child_key
