/*
meaning: When each model was first seen with 1,000, 10,000, 100,000 and 1,000,000 downloads of all time, and when it passed them.
per: snapshot
grain: [source, observed_on, model_key, threshold]
columns:
  source: who captured it
  observed_on: UTC day of the first snapshot with so many
  model_key: our number for the model
  threshold: downloads of all time that it had passed by then
  passed_at: >-
    moment it passed, if what came since the snapshot before, or since its creation, came evenly; the beginning of the day it was
    seen where that is not known
types: {source: varchar, observed_on: date, model_key: integer, threshold: integer, passed_at: timestamp}
*/
with thresholds as (
    select unnest([1000, 10000, 100000, 1000000]) as threshold
),

-- A model that was not listed or not readable in the snapshot before passes again, and who reads this takes the first time.
passed as (
    select
        compared.model_key,
        compared.downloads_all_time,
        compared.former_downloads_all_time,
        coalesce(compared.former_downloads_all_time, 0) as former_downloads,
        thresholds.threshold
    from now.compared as compared
    inner join thresholds
        on
            compared.downloads_all_time >= thresholds.threshold
            and coalesce(compared.former_downloads_all_time, 0) < thresholds.threshold
    where compared.downloads_all_time >= 1000
),

grown as (
    select
        passed.*,
        case when passed.former_downloads_all_time is null then cast(births.from_on as timestamp) else earlier.started_at end as since_at
    from passed
    left join before.snapshot as earlier on true
    left join now.counter_steps as births on passed.model_key = births.model_key and births.is_birth
)

select
    snapshot.source,
    snapshot.observed_on,
    grown.model_key,
    grown.threshold,
    coalesce(
        grown.since_at + to_seconds(
            date_diff('second', grown.since_at, snapshot.started_at)
            * (grown.threshold - grown.former_downloads) / (grown.downloads_all_time - grown.former_downloads)
        ),
        cast(snapshot.observed_on as timestamp)
    ) as passed_at
from grown
cross join now.snapshot as snapshot
