/*
meaning: The spans of more than ten days inside of which later snapshots tell how high all counters stood, and on which days.
grain: [source, span_to, known_on]
columns:
  source: who captured the snapshots
  span_from: first day of the span
  span_to: day after the last day of the span
  known_on: day of which a later snapshot tells
  seen_on: UTC day of that snapshot
*/
select distinct
    spans.source,
    spans.span_from,
    spans.span_to,
    hindsights.known_on,
    hindsights.seen_on
from staging.spans as spans
inner join staging.hindsights as hindsights
    on
        spans.source = hindsights.source
        and spans.span_from < hindsights.known_on
        and hindsights.known_on < spans.span_to
where spans.span_to - spans.span_from > 10
