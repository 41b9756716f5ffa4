/*
meaning: When each model was first seen with 100,000 downloads of all time, which is what scope S3 asks for.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured it
  observed_on: UTC day of the first snapshot with so many
  model_key: our number for the model
types: {source: varchar, observed_on: date, model_key: integer}
*/
select
    latter.source,
    latter.observed_on,
    latter.model_key
from now.counters as latter
left join before.counters as former on latter.model_key = former.model_key
where
    latter.downloads_all_time >= 100000
    and coalesce(former.downloads_all_time, 0) < 100000
