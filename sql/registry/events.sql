/*
meaning: Dated public events that a chart may be annotated with.
grain: [event_id]
columns:
  event_id: slug of the event
  event_on: day it happened
  kind: release, licence, policy or corporate
  country: country concerned, null if none
  lab: slug of the lab concerned, null if none
  title: what happened, in our words
  known_from: day on which the row entered the registry
  source_url: page or table that says so; null where only general knowledge does
  confidence: high, medium or low
  note: argument or caveat
*/
select
    event_id,
    cast(event_on as date) as event_on,
    kind,
    nullif(country, '') as country,
    nullif(lab, '') as lab,
    title,
    cast(known_from as date) as known_from,
    nullif(source_url, '') as source_url,
    confidence,
    nullif(note, '') as note
from raw.registry_events
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by event_id order by known_from desc) = 1
