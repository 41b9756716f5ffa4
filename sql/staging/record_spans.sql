/*
meaning: From when to when each record said what it says.
grain: [source, model_key, observed_on]
columns:
  source: who captured it
  model_key: our number for the model
  hub_id: the Hub's immutable id
  observed_on: day of the first snapshot that says so
  last_on: day of the last snapshot that says so
  is_latest: whether it is the newest record of the model, of all sources
*/
with chain as (
    select
        source,
        observed_on,
        lag(observed_on) over (partition by source order by observed_on) as previous_on
    from core.snapshots
    where status <> 'partial'
),

followed as (
    select
        source,
        model_key,
        observed_on,
        lead(observed_on) over (partition by source, model_key order by observed_on) as next_on
    from staging.records
),

-- The same record may come back after an absence: it then begins anew, and the old one ended with its stay.
bounded as (
    select
        followed.source,
        followed.model_key,
        followed.observed_on,
        least(stays.last_on, coalesce(chain.previous_on, stays.last_on)) as last_on
    from followed
    inner join staging.stays as stays
        on
            followed.source = stays.source
            and followed.model_key = stays.model_key
            and followed.observed_on between stays.first_on and stays.last_on
    left join chain on followed.source = chain.source and followed.next_on = chain.observed_on
)

select
    bounded.source,
    bounded.model_key,
    identities.hub_id,
    bounded.observed_on,
    bounded.last_on,
    row_number() over (
        partition by identities.hub_id
        order by bounded.last_on desc, bounded.source = 'huggingface' desc, bounded.source asc, bounded.model_key asc
    ) = 1 as is_latest
from bounded
inner join staging.identities as identities on bounded.model_key = identities.model_key
