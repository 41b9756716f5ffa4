/*
meaning: From when to when each model was listed, by source; one row for each stay.
grain: [source, listed_key, first_on]
columns:
  source: who captured it
  listed_key: our number for the model, or for its name in an archive without ids
  model_key: our number for the model
  first_on: day of the first snapshot with it
  last_on: day of the last snapshot with it
  gone_on: day of the first snapshot without it; null if it is in the newest
*/
with
-- Nearly all models came once and are still there: only the others need their moves put in order.
restless as (
    select
        source,
        model_key
    from staging.sightings
    group by source, model_key
    having count(*) > 1
),

moves as (
    select
        sightings.source,
        sightings.model_key,
        sightings.is_there,
        sightings.observed_on as first_on,
        lead(sightings.observed_on) over (
            partition by sightings.source, sightings.model_key order by sightings.observed_on
        ) as gone_on
    from staging.sightings as sightings
    semi join restless on sightings.source = restless.source and sightings.model_key = restless.model_key
    union all
    select
        sightings.source,
        sightings.model_key,
        sightings.is_there,
        sightings.observed_on as first_on,
        null as gone_on
    from staging.sightings as sightings
    anti join restless on sightings.source = restless.source and sightings.model_key = restless.model_key
)

select
    moves.source,
    moves.model_key as listed_key,
    coalesce(aliases.known_key, moves.model_key) as model_key,
    moves.first_on,
    case when moves.gone_on is null then chain.newest_on else leaving.previous_on end as last_on,
    moves.gone_on
from moves
inner join staging.chain as chain on moves.source = chain.source and moves.first_on = chain.observed_on
left join staging.chain as leaving on moves.source = leaving.source and moves.gone_on = leaving.observed_on
left join staging.aliases as aliases on moves.model_key = aliases.model_key
where moves.is_there
