/*
meaning: >-
  The days of which a later snapshot tells how high the cumulative counters stood: thirty days before it, because its rolling
  counter is what came since. One day of each week is enough, the latest one up to its end.
grain: [source, known_on]
columns:
  source: who captured the snapshot
  known_on: day of which it tells
  seen_on: UTC day of the snapshot, thirty days later; none in which the Hub's counters stood still
*/
select
    source,
    to_on - 30 as known_on,
    to_on as seen_on
from staging.spans
where not is_stalled
-- A week's flow is cut at Mondays, so that the weeks counted here end with them.
qualify row_number() over (partition by source, date_trunc('week', to_on - 31) order by to_on desc) = 1
