/*
meaning: The snapshots of models that can be compared, in order, by source.
grain: [source, observed_on]
columns:
  source: who captured it
  observed_on: UTC day of the snapshot
  previous_on: day of the one before it, of the same source; null for the first
  first_on: day of the first of this source
  newest_on: day of the newest of this source
  is_complete: whether a model absent from it was not on the Hub that day
*/
select
    source,
    observed_on,
    lag(observed_on) over (partition by source order by observed_on) as previous_on,
    min(observed_on) over (partition by source) as first_on,
    max(observed_on) over (partition by source) as newest_on,
    is_complete
from core.snapshots
where table_name = 'models' and status <> 'partial'
