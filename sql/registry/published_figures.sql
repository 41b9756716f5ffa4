/*
meaning: Numbers that others published, restated, each with what of ours is nearest to it.
grain: [figure_id]
columns:
  figure_id: slug of the number
  publication: who published it, and where
  country: country it is about, null if none
  lab: slug of the lab it is about, null if none
  measure: >-
    share_of_total and downloads_flow as in marts.share_by_country and marts.share_by_lab; downloads_a_day of all models;
    cr10 and cr100 over models as in marts.concentration; other, which no table of ours holds
  value: the number; a share as 0..1
  scope: scope of ours that is nearest
  credit: credit of ours that is nearest
  time_window: time window of ours that is nearest, null where none is
  window_to: last day that the number is about
  why: why it differs from ours
  known_from: day on which the row entered the registry
  source_url: page that says so; null where none was seen
  confidence: high, medium or low
  note: how it was read
checks:
  - one_of: {column: measure, values: [share_of_total, downloads_flow, downloads_a_day, cr10, cr100, other]}
  - between: {column: value, min: 0}
warnings:
  - Most of them were read in summaries; the note says so.
*/
select
    figure_id,
    publication,
    nullif(country, '') as country,
    nullif(lab, '') as lab,
    measure,
    cast(value as double) as value,
    scope,
    credit,
    nullif(time_window, '') as time_window,
    cast(window_to as date) as window_to,
    why,
    cast(known_from as date) as known_from,
    nullif(source_url, '') as source_url,
    confidence,
    nullif(note, '') as note
from raw.registry_published_figures
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by figure_id order by known_from desc) = 1
