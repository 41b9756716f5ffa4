/*
meaning: The counters as they were sent, one row for each model and day; our own whole capture wins over an archive of the same day, and that over a quick capture.
kind: view
grain: [hub_id, observed_on]
columns:
  hub_id: the Hub's immutable id
  observed_on: UTC day
  downloads_30d: rolling 30-day counter; null if not sent
  downloads_all_time: cumulative counter; null if not sent
  likes: hearts given by users; null if not sent
  source: who captured it
warnings:
  - These are counters, not downloads of a day. Never add downloads_30d over days; differences need core.weekly_flow.
*/
with
-- Only where snapshots of two sources share a day, or a source knows models by name alone, can a model have two rows.
shared_days as (
    select observed_on
    from staging.chain
    group by observed_on
    having count(*) > 1
    union
    select observed_on
    from staging.chain
    where source in (select stays.source from staging.stays as stays where stays.listed_key <> stays.model_key)
),

told as (
    select
        coalesce(aliases.known_key, counters.model_key) as model_key,
        counters.observed_on,
        counters.downloads_30d,
        counters.downloads_all_time,
        counters.likes,
        counters.source
    from staging.counters as counters
    semi join shared_days on counters.observed_on = shared_days.observed_on
    left join staging.aliases as aliases on counters.model_key = aliases.model_key
    qualify row_number() over (
        partition by coalesce(aliases.known_key, counters.model_key), counters.observed_on
        order by counters.source = 'huggingface' desc, counters.source = 'huggingface_quick' asc, counters.source asc, coalesce(counters.downloads_30d, -1) desc
    ) = 1
)

select
    keys.hub_id,
    counters.observed_on,
    counters.downloads_30d,
    counters.downloads_all_time,
    counters.likes,
    counters.source
from staging.counters as counters
anti join shared_days on counters.observed_on = shared_days.observed_on
inner join staging.model_keys as keys on counters.model_key = keys.model_key
union all
select
    keys.hub_id,
    told.observed_on,
    told.downloads_30d,
    told.downloads_all_time,
    told.likes,
    told.source
from told
inner join staging.model_keys as keys on told.model_key = keys.model_key
