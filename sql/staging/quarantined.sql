/*
meaning: Models that a snapshot saw although their record could not be read, so that nobody takes them for removed.
kind: view
grain: [source, hub_id, observed_on]
columns:
  source: who captured it
  hub_id: the Hub's `_id` as the record tells it, else the id that was last seen under the name it tells
  observed_on: UTC day of the snapshot
warnings:
  - A record that tells neither id nor name is counted in core.snapshots and named nowhere.
*/
with ids as (
    select
        model_name,
        arg_max(hub_id, observed_on) as hub_id
    from staging.models
    where model_name in (select quarantined.model_name from raw.quarantined as quarantined where quarantined.hub_id is null)
    group by model_name
)

select distinct
    quarantined.source,
    coalesce(quarantined.hub_id, ids.hub_id) as hub_id,
    quarantined.observed_on
from raw.quarantined as quarantined
left join ids on quarantined.model_name = ids.model_name
where coalesce(quarantined.hub_id, ids.hub_id) is not null
