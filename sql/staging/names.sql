/*
meaning: Every name a model was ever seen under, by our number for it.
grain: [model_key, model_name]
columns:
  model_key: our number for the model
  model_name: owner/name
  namespace: owner part; null for names without one
  first_seen_on: first day under this name
  last_seen_on: last day under this name
*/
select
    spans.model_key,
    records.model_name,
    min(records.namespace) as namespace,
    min(spans.observed_on) as first_seen_on,
    max(spans.last_on) as last_seen_on
from staging.record_spans as spans
inner join staging.records as records
    on
        spans.source = records.source
        and spans.listed_key = records.model_key
        and spans.observed_on = records.observed_on
group by spans.model_key, records.model_name
