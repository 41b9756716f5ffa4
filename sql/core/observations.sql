/*
meaning: The counters as they were sent, one row for each model and day; our own whole capture wins over an archive of the same day, and that over a quick capture.
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
    hub_id,
    observed_on,
    downloads_30d,
    downloads_all_time,
    likes,
    source
from staging.models
qualify row_number() over (
    partition by hub_id, observed_on order by source = 'huggingface' desc, source = 'huggingface_quick' asc, source asc, coalesce(downloads_30d, -1) desc
) = 1
