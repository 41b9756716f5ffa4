/*
meaning: How many likes each model gained while no snapshot of a source told them; no row where none came or went.
grain: [source, to_on, model_key]
columns:
  source: who captured the snapshots
  to_on: UTC day of the first snapshot that tells them again
  from_on: UTC day of the last one that told them; for a model created since, the day of its creation
  model_key: our number for the model
  difference: later minus earlier; negative where likes were taken back
*/
with turns as (
    select
        *,
        lag(is_told) over of_model as was_told,
        lag(told_on) over of_model as former_on,
        lag(likes) over of_model as former_likes
    from staging.like_turns
    window of_model as (partition by source, model_key order by observed_on)
),

-- All that a new model shows is new, if it was there in the first snapshot after its creation, although nobody could read its likes.
first_told as (
    select
        turns.source,
        turns.told_on as to_on,
        cast(models.created_at as date) as from_on,
        turns.model_key,
        turns.likes as difference
    from turns
    inner join staging.models as models on turns.model_key = models.model_key
    inner join staging.sightings as sightings
        on turns.source = sightings.source and turns.model_key = sightings.model_key and sightings.is_there
    inner join staging.chain as chain on sightings.source = chain.source and sightings.observed_on = chain.observed_on
    inner join core.snapshots as earlier
        on chain.source = earlier.source and chain.previous_on = earlier.observed_on and earlier.started_at < models.created_at
    where turns.is_told and turns.was_told is null and sightings.observed_on < turns.observed_on
    qualify row_number() over (partition by turns.source, turns.model_key order by sightings.observed_on) = 1
)

select
    source,
    told_on as to_on,
    former_on as from_on,
    model_key,
    likes - former_likes as difference
from turns
where is_told and not was_told and likes <> former_likes
union all
select
    source,
    to_on,
    from_on,
    model_key,
    difference
from first_told
where difference > 0
