/*
meaning: Every name a model was ever seen under; renames keep the id and with it the history.
grain: [hub_id, model_name]
columns:
  hub_id: the Hub's immutable id
  model_name: owner/name
  first_seen_on: first day under this name
  last_seen_on: last day under this name
*/
select
    spans.hub_id,
    records.model_name,
    min(spans.observed_on) as first_seen_on,
    max(spans.last_on) as last_seen_on
from staging.record_spans as spans
inner join staging.records as records
    on
        spans.source = records.source
        and spans.model_key = records.model_key
        and spans.observed_on = records.observed_on
group by spans.hub_id, records.model_name
