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
    snapshot.source,
    snapshot.observed_on,
    compared.model_key
from now.compared as compared
cross join now.snapshot as snapshot
where
    greatest(compared.downloads_all_time, compared.downloads_30d) > 5
    and coalesce(greatest(compared.former_downloads_all_time, compared.former_downloads_30d), 0) <= 5
