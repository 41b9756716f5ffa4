/*
meaning: The counters as they were sent, one row for each model and day; our own whole capture wins over an archive of the same day, and that over a quick capture.
kind: view
grain: [hub_id, observed_on]
columns:
  hub_id: the Hub's immutable id
  observed_on: UTC day
  downloads_30d: rolling 30-day counter; null if not sent
  downloads_all_time: cumulative counter; null if not sent
  likes: hearts given by users; null if not sent
  source: who captured it
warnings:
  - These are counters, not downloads of a day. Never add downloads_30d over days; differences need core.weekly_flow.
*/
select
    keys.hub_id,
    counters.observed_on,
    counters.downloads_30d,
    counters.downloads_all_time,
    counters.likes,
    counters.source
from staging.counters as counters
left join staging.aliases as aliases on counters.model_key = aliases.model_key
inner join staging.model_keys as keys on coalesce(aliases.known_key, counters.model_key) = keys.model_key
qualify row_number() over (
    partition by keys.hub_id, counters.observed_on
    order by counters.source = 'huggingface' desc, counters.source = 'huggingface_quick' asc, counters.source asc, coalesce(counters.downloads_30d, -1) desc
) = 1
