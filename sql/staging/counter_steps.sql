/*
meaning: How much the cumulative counter of each model gained between one snapshot and the next of the same source.
grain: [source, hub_id, to_on]
columns:
  source: who captured both snapshots
  hub_id: the Hub's immutable id
  from_on: day the step starts; for a model created since the snapshot before, the day of its creation
  to_on: day of the snapshot that ends the step
  gained: downloads gained, never negative
  is_bridged: whether the counter had fallen before, so that only what exceeds its former height counts
*/
with counted as (
    select
        models.source,
        models.hub_id,
        models.observed_on,
        models.downloads_all_time,
        models.created_at
    from staging.models as models
    semi join core.snapshots as snapshots
        on models.source = snapshots.source and models.observed_on = snapshots.observed_on and snapshots.status <> 'partial'
    where models.downloads_all_time is not null
),

days as (
    select
        source,
        observed_on,
        started_at,
        lag(observed_on) over (partition by source order by observed_on) as previous_on,
        lag(started_at) over (partition by source order by observed_on) as previous_started_at
    from core.snapshots
    where status <> 'partial'
),

steps as (
    select
        latter.source,
        latter.hub_id,
        days.previous_on as from_on,
        latter.observed_on as to_on,
        latter.downloads_all_time,
        latter.downloads_all_time - former.downloads_all_time as difference
    from counted as latter
    inner join days on latter.source = days.source and latter.observed_on = days.observed_on
    inner join counted as former
        on latter.source = former.source and latter.hub_id = former.hub_id and days.previous_on = former.observed_on
),

births as (
    select
        newborn.source,
        newborn.hub_id,
        greatest(cast(newborn.created_at as date), days.previous_on) as from_on,
        newborn.observed_on as to_on,
        greatest(newborn.downloads_all_time, 0) as gained
    from counted as newborn
    inner join days on newborn.source = days.source and newborn.observed_on = days.observed_on
    left join counted as former
        on newborn.source = former.source and newborn.hub_id = former.hub_id and days.previous_on = former.observed_on
    where former.hub_id is null and newborn.created_at > days.previous_started_at
),

-- A counter that fell is compared with its former height until it passes it again: recovery is not growth.
fallen as (
    select
        counted.source,
        counted.hub_id,
        counted.observed_on as to_on,
        max(counted.downloads_all_time) over (
            partition by counted.source, counted.hub_id
            order by counted.observed_on
            rows between unbounded preceding and 1 preceding
        ) as height
    from counted
    semi join (select source, hub_id from steps where difference < 0) as falls
        on counted.source = falls.source and counted.hub_id = falls.hub_id
)

select
    steps.source,
    steps.hub_id,
    steps.from_on,
    steps.to_on,
    case
        when fallen.height is null then steps.difference
        else greatest(steps.downloads_all_time - fallen.height, 0)
    end as gained,
    coalesce(steps.downloads_all_time - steps.difference < fallen.height or steps.difference < 0, false) as is_bridged
from steps
left join fallen on steps.source = fallen.source and steps.hub_id = fallen.hub_id and steps.to_on = fallen.to_on
union all
select
    source,
    hub_id,
    from_on,
    to_on,
    gained,
    false as is_bridged
from births
