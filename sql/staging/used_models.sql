/*
meaning: When each model was first seen with more than five downloads, which is what ATOM asks of a derivative.
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
    greatest(latter.downloads_all_time, latter.downloads_30d) > 5
    and coalesce(greatest(former.downloads_all_time, former.downloads_30d), 0) <= 5
