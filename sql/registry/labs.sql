/*
meaning: Labs as reviewed, who owns them and where they are based; the home is the primary base of the organisation that publishes.
grain: [lab, valid_from]
columns:
  lab: slug of the lab
  lab_name: name as the lab writes it
  parent: slug of the lab that owns this one, null if none
  country: ISO 3166-1 alpha-2, or INTERNATIONAL (reviewed, has no single home)
  kind: company, research-institute, university, government, non-profit or community
  valid_from: first day of this row's truth; 0001-01-01 if always. A week, and what was released in it, counts for the row that held when it began
  valid_to: first day it is no longer true; 9999-12-31 if open
  known_from: day on which the row entered the registry
  source_url: page or table that says so; null where only general knowledge does
  read_on: day on which the source was read
  confidence: high, medium or low
  note: argument or caveat
checks:
  - one_of: {column: confidence, values: [high, medium, low]}
  - refers_to: {column: country, table: registry.countries, key: country}
*/
select
    lab,
    lab_name,
    nullif(parent, '') as parent,
    country,
    kind,
    coalesce(try_cast(nullif(valid_from, '') as date), date '0001-01-01') as valid_from,
    coalesce(try_cast(nullif(valid_to, '') as date), date '9999-12-31') as valid_to,
    cast(known_from as date) as known_from,
    nullif(source_url, '') as source_url,
    try_cast(nullif(read_on, '') as date) as read_on,
    confidence,
    nullif(note, '') as note
from raw.registry_labs
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by lab, valid_from order by known_from desc) = 1
