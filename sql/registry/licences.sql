/*
meaning: How free each licence id of the Hub leaves its users, as classes.
grain: [licence_id]
columns:
  licence_id: the id as the Hub writes it, lower case
  licence_class: permissive, copyleft, responsible-use, custom, non-commercial or none
  source_url: text of the licence, where one exists
  confidence: high, medium or low
  note: argument or caveat
checks:
  - one_of: {column: licence_class, values: [permissive, copyleft, responsible-use, custom, non-commercial, none]}
*/
select
    licence_id,
    licence_class,
    nullif(source_url, '') as source_url,
    confidence,
    nullif(note, '') as note
from raw.registry_licences
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by licence_id order by known_from desc) = 1
