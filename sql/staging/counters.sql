/*
meaning: The counters of every model in every snapshot, as sent, in as few bytes as possible.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured it
  observed_on: UTC day of the snapshot
  model_key: our number for the model
  downloads_30d: rolling 30-day counter; null if not sent
  downloads_all_time: cumulative counter; null if not sent
  likes: hearts given by users; null if not sent
  record_hash: changes whenever anything else about the model changes
types:
  source: varchar
  observed_on: date
  model_key: integer
  downloads_30d: bigint
  downloads_all_time: bigint
  likes: bigint
  record_hash: ubigint
*/
select
    snapshot.source,
    snapshot.observed_on,
    compared.model_key,
    compared.downloads_30d,
    compared.downloads_all_time,
    compared.likes,
    -- A record that is not there said what it says before.
    coalesce(records.record_hash, compared.former_hash) as record_hash
from now.compared as compared
cross join now.snapshot as snapshot
left join now.records as records on compared.model_key = records.model_key
