/*
meaning: When each model was first seen with 1,000, 10,000, 100,000 and 1,000,000 downloads of all time.
per: snapshot
grain: [source, observed_on, model_key, threshold]
columns:
  source: who captured it
  observed_on: UTC day of the first snapshot with so many
  model_key: our number for the model
  threshold: downloads of all time that it had passed by then
types: {source: varchar, observed_on: date, model_key: integer, threshold: integer}
*/
with thresholds as (
    select unnest([1000, 10000, 100000, 1000000]) as threshold
),

-- A model that was not listed or not readable in the snapshot before passes again, and who reads this takes the first time.
latter as (
    select
        source,
        observed_on,
        model_key,
        downloads_all_time
    from now.counters
    where downloads_all_time >= 1000
)

select
    latter.source,
    latter.observed_on,
    latter.model_key,
    thresholds.threshold
from latter
left join before.counters as former on latter.model_key = former.model_key
inner join thresholds
    on latter.downloads_all_time >= thresholds.threshold and coalesce(former.downloads_all_time, 0) < thresholds.threshold
