/*
meaning: From when to when each model was listed, by source; one row for each stay.
grain: [source, model_key, first_on]
columns:
  source: who captured it
  model_key: our number for the model
  first_on: day of the first snapshot with it
  last_on: day of the last snapshot with it
  gone_on: day of the first snapshot without it; null if it is in the newest
*/
with chain as (
    select
        source,
        observed_on,
        lag(observed_on) over (partition by source order by observed_on) as previous_on
    from core.snapshots
    where status <> 'partial'
),

newest as (
    select
        source,
        max(observed_on) as newest_on
    from chain
    group by source
),

moves as (
    select
        source,
        model_key,
        is_there,
        observed_on as first_on,
        lead(observed_on) over (partition by source, model_key order by observed_on) as gone_on
    from staging.sightings
)

select
    moves.source,
    moves.model_key,
    moves.first_on,
    coalesce(chain.previous_on, newest.newest_on) as last_on,
    moves.gone_on
from moves
inner join newest on moves.source = newest.source
left join chain on moves.source = chain.source and moves.gone_on = chain.observed_on
where moves.is_there
