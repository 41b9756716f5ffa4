/*
meaning: What the counters of the disturbed models read, one after the other; what a stall of the whole Hub showed is left out.
grain: [source, model_key, observed_on]
columns:
  source: who captured it
  model_key: our number for the model
  observed_on: UTC day of the snapshot
  downloads_all_time: cumulative counter
  downloads_30d: rolling 30-day counter; null if not sent
  place: 1 for the model's first reading, 2 for the next
*/
select
    counters.source,
    counters.model_key,
    counters.observed_on,
    counters.downloads_all_time,
    counters.downloads_30d,
    row_number() over (partition by counters.source, counters.model_key order by counters.observed_on) as place
from staging.counters as counters
semi join staging.disturbed_models as disturbed
    on counters.source = disturbed.source and counters.model_key = disturbed.model_key
anti join (select * from staging.spans where is_stalled and not is_open) as stalled
    on counters.source = stalled.source and counters.observed_on = stalled.to_on
where counters.downloads_all_time is not null
