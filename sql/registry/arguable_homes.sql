/*
meaning: Labs whose home can be argued about, and the country that others would name; what marts.share_robustness counts them for when it tries that.
grain: [lab, valid_from]
columns:
  lab: slug of the lab
  other_country: ISO 3166-1 alpha-2 of the other home, or INTERNATIONAL (no single home)
  valid_from: first day of this row's truth; 0001-01-01 if always
  valid_to: first day it is no longer true; 9999-12-31 if open
  known_from: day on which the row entered the registry
  source_url: page or table that says so; null where only general knowledge does
  read_on: day on which the source was read
  confidence: high, medium or low, of the argument
  note: the argument for the other country
checks:
  - one_of: {column: confidence, values: [high, medium, low]}
  - refers_to: {column: other_country, table: registry.countries, key: country}
*/
select
    lab,
    other_country,
    coalesce(try_cast(nullif(valid_from, '') as date), date '0001-01-01') as valid_from,
    coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to,
    cast(known_from as date) as known_from,
    nullif(source_url, '') as source_url,
    try_cast(nullif(read_on, '') as date) as read_on,
    confidence,
    nullif(note, '') as note
from raw.registry_arguable_homes
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by lab, valid_from order by known_from desc) = 1
