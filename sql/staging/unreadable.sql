/*
meaning: Models that a snapshot saw although their record could not be read, so that nobody takes them for removed.
per: snapshot
grain: [source, observed_on, model_key]
columns:
  source: who captured it
  observed_on: UTC day of the snapshot
  model_key: our number for the model, by the id or the name that the record tells; one that tells neither is counted in core.snapshots only
types: {source: varchar, observed_on: date, model_key: integer}
*/
with
-- Nearly every record tells its id, and the names of all records so far are many.
nameless as (
    select model_name
    from now.quarantined
    where hub_id is null
),

named as (
    select
        records.model_name,
        arg_max(records.model_key, records.observed_on) as model_key
    from sofar.records as records
    semi join nameless on records.model_name = nameless.model_name
    group by records.model_name
),

told as (
    select coalesce(keys.model_key, named.model_key) as model_key
    from now.quarantined as quarantined
    left join sofar.model_keys as keys on quarantined.hub_id = keys.hub_id
    left join named on quarantined.hub_id is null and quarantined.model_name = named.model_name
)

select distinct
    snapshot.source,
    snapshot.observed_on,
    told.model_key
from told
cross join now.snapshot as snapshot
anti join now.counters as readable on told.model_key = readable.model_key
where told.model_key is not null
