/*
meaning: >-
  The models whose downloads by age are known and worth knowing: created while we were looking, no quantised re-packs, released by a
  reviewed lab or ever seen with 10,000 downloads.
grain: [model_key]
columns:
  model_key: our number for the model
  born_at: moment of its creation
  size_band: size class by parameters_total; unknown where the Hub does not say
  known_until: end of the last whole week that was measured, that it was there and that its counter was told
*/
with measured as (
    select week
    from staging.weeks
    where source is not null and not is_quick
),

-- The newest run of measured weeks without one missing: what lies before a gap can't be followed through it.
chapters as (
    select
        week,
        week - cast(7 * row_number() over (order by week) as integer) as chapter
    from measured
),

bounds as (
    select
        chapter,
        min(week) as first_week,
        max(week) + 7 as ended_on
    from chapters
    group by chapter
),

-- Who was created after the snapshot before the one that first shows it was born under our eyes, any other was hidden before. A
-- quick capture may be the first to show it, but does not tell who was hidden, so that the whole one before it counts.
snapshots as (
    select
        chain.observed_on,
        max(before.started_at) as earlier_at
    from staging.chain as chain
    inner join staging.chain as earlier
        on
            earlier.source <> 'huggingface_quick'
            and case
                when chain.source = 'huggingface_quick' then earlier.observed_on < chain.observed_on
                else chain.source = earlier.source and chain.previous_on = earlier.observed_on
            end
    inner join core.snapshots as before on earlier.source = before.source and earlier.observed_on = before.observed_on
    group by chain.observed_on
),

large as (
    select distinct coalesce(aliases.known_key, milestones.model_key) as model_key
    from staging.milestones as milestones
    left join staging.aliases as aliases on milestones.model_key = aliases.model_key
    where milestones.threshold = 10000 and milestones.source <> 'huggingface_quick'
)

select
    traits.model_key,
    models.created_at as born_at,
    models.size_band,
    cast(least(
        bounds.ended_on,
        case when traits.gone_on is null then bounds.ended_on else date_trunc('week', models.last_seen_on) end,
        coalesce(date_trunc('week', silences.counted_until), bounds.ended_on)
    ) as timestamp) as known_until
from staging.traits as traits
inner join staging.models as models on traits.model_key = models.model_key
inner join snapshots on models.first_seen_on = snapshots.observed_on and models.created_at > snapshots.earlier_at
inner join bounds on models.created_at >= bounds.first_week and models.created_at < bounds.ended_on
left join staging.silences as silences on traits.model_key = silences.model_key
where
    not traits.is_quantised
    and (
        traits.model_key in (select large.model_key from large)
        or traits.model_key in (select releases.model_key from staging.releases as releases)
    )
