/*
meaning: Which lab an organisation on GitHub belongs to, and the country that follows from it. An organisation without a row was not reviewed.
grain: [github_login, valid_from]
columns:
  github_login: login of the organisation, as spelled on GitHub when the row was written
  lab: slug of the lab
  country: country of the lab in that time, or INTERNATIONAL
  valid_from: first day of this row's truth; 0001-01-01 if always
  valid_to: first day it is no longer true; 9999-12-31 if open
  known_from: day on which the row entered the registry
  source_url: page or table that says so; null where only general knowledge does
  read_on: day on which the source was read
  confidence: high, medium or low; of the organisation's row, not of the lab's
  note: argument or caveat
checks:
  - one_of: {column: confidence, values: [high, medium, low]}
  - not_null: [lab, country]
*/
with latest as (
    select
        github_login,
        lab,
        coalesce(try_cast(nullif(valid_from, '') as date), date '0001-01-01') as valid_from,
        coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to,
        cast(known_from as date) as known_from,
        nullif(source_url, '') as source_url,
        try_cast(nullif(read_on, '') as date) as read_on,
        confidence,
        nullif(note, '') as note
    from raw.registry_github_owners
    where cast(known_from as date) <= (select known_at from raw.parameters)
    qualify row_number() over (partition by github_login, valid_from order by known_from desc) = 1
)

select
    latest.github_login,
    latest.lab,
    labs.country,
    greatest(latest.valid_from, labs.valid_from) as valid_from,
    least(latest.valid_to, labs.valid_to) as valid_to,
    greatest(latest.known_from, labs.known_from) as known_from,
    latest.source_url,
    latest.read_on,
    latest.confidence,
    latest.note
from latest
inner join registry.labs as labs
    on latest.lab = labs.lab and latest.valid_from < labs.valid_to and labs.valid_from < latest.valid_to
