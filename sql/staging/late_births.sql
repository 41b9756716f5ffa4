/*
meaning: >-
  Models created between two snapshots of a source that does not tell when, as another source does: all that their first reading shows came
  since then, as staging.counter_steps has it of the others.
grain: [source, to_on, model_key]
columns:
  source: who captured both snapshots
  to_on: UTC day of the later snapshot
  from_on: UTC day of the creation
  model_key: our number for the model, or for its name in an archive without ids
  gained: its first reading
*/
select
    newcomers.source,
    newcomers.observed_on as to_on,
    greatest(cast(models.created_at as date), newcomers.previous_on) as from_on,
    newcomers.model_key,
    newcomers.downloads_all_time as gained
from staging.newcomers as newcomers
inner join core.snapshots as earlier on newcomers.source = earlier.source and newcomers.previous_on = earlier.observed_on
left join staging.aliases as aliases on newcomers.model_key = aliases.model_key
inner join staging.models as models
    on
        coalesce(aliases.known_key, newcomers.model_key) = models.model_key
        and earlier.started_at < models.created_at
        -- A name may have been taken over since by a model that is younger.
        and cast(models.created_at as date) <= newcomers.observed_on
