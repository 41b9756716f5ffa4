/*
meaning: Every model of one snapshot beside what the snapshot before, of the same source, said of it; gone when the snapshot is done.
per: snapshot
kind: passing
grain: [model_key]
columns:
  model_key: our number for the model
  place: its row in the sealed file
  created_at: creation, UTC
  downloads_30d: rolling 30-day counter; null if not sent
  downloads_all_time: cumulative counter; null if not sent
  likes: hearts given by users; null if not sent
  was_listed: whether the snapshot before has it, readable
  former_downloads_30d: its rolling counter there
  former_downloads_all_time: its cumulative counter there
  former_likes: its likes there
  former_hash: the hash of its record there; null if it was not listed
types:
  model_key: integer
  place: bigint
  created_at: timestamp
  downloads_30d: bigint
  downloads_all_time: bigint
  likes: bigint
  was_listed: boolean
  former_downloads_30d: bigint
  former_downloads_all_time: bigint
  former_likes: bigint
  former_hash: ubigint
*/
select
    keys.model_key,
    models.file_row_number as place,
    models.created_at,
    models.downloads_30d,
    models.downloads_all_time,
    models.likes,
    former.model_key is not null as was_listed,
    former.downloads_30d as former_downloads_30d,
    former.downloads_all_time as former_downloads_all_time,
    former.likes as former_likes,
    former.record_hash as former_hash
from now.models as models
inner join sofar.model_keys as keys on models.identity = keys.hub_id
left join before.counters as former on keys.model_key = former.model_key
