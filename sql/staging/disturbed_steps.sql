/*
meaning: >-
  What the disturbed models really gained. A counter that fell and came back within 8 snapshots is bridged from the last
  good value to the first recovered one; one that did not come back was corrected for good: nothing was gained, and the
  difference is kept as a correction. It comes back by a leap: one that passes its old height by no more in any step than its 30-day counter
  tells of has grown there, and was corrected.
grain: [source, model_key, to_on]
columns:
  source: who captured it
  model_key: our number for the model
  from_on: day of the last good value; for the first value of a model created since the snapshot before, the day of its creation
  to_on: day of the value that ends the step
  height: what the counter read at from_on; 0 at a birth
  fell_on: day the counter was first seen fallen; null if it did not fall
  gained: downloads gained in the step, never negative
  corrected: how far the counter was lowered for good; negative, or zero
  is_bridged: whether the counter fell in between and came back
  is_final: whether later snapshots can't change it any more
checks:
  - between: {column: gained, min: 0}
  - between: {column: corrected, max: 0}
*/
with moves as (
    select
        latter.source,
        latter.model_key,
        latter.place,
        former.observed_on as from_on,
        latter.observed_on as to_on,
        former.downloads_all_time as height,
        latter.downloads_all_time,
        latter.downloads_all_time - former.downloads_all_time as difference,
        latter.downloads_30d * (latter.observed_on - former.observed_on) / 30.0 as usual
    from staging.disturbed_readings as latter
    inner join staging.disturbed_readings as former
        on latter.source = former.source and latter.model_key = former.model_key and latter.place = former.place + 1
),

-- A pace changes within a month, so half as much again is no leap. Where the two counters don't fit at all, every step may be one.
followed as (
    select
        moves.*,
        later.place as later_place,
        later.downloads_all_time >= moves.height as is_back,
        min(later.place) filter (
            where later.difference >= 0 and coalesce(later.difference not between 0.5 * nullif(later.usual, 0) and 1.5 * later.usual, true)
        ) over (partition by moves.source, moves.model_key, moves.place) as leapt_place
    from moves
    inner join moves as later
        on
            moves.source = later.source
            and moves.model_key = later.model_key
            and later.place between moves.place and moves.place + 8
    where moves.difference < 0
),

-- MEASURES 1: comes back within 8 snapshots.
falls as (
    select
        source,
        model_key,
        place,
        from_on,
        to_on,
        height,
        min(later_place) filter (where is_back and later_place >= leapt_place) as recovered_place,
        count(*) as later_count
    from followed
    group by source, model_key, place, from_on, to_on, height
),

-- A fall inside a bridge belongs to it: the bridge starts from the greater height and so ends no earlier.
bridges as (
    select *
    from falls
    where recovered_place is not null
    qualify place > coalesce(
        max(recovered_place) over (
            partition by source, model_key order by place rows between unbounded preceding and 1 preceding
        ), 0
    )
),

outside as (
    select
        moves.source,
        moves.model_key,
        moves.place,
        moves.from_on,
        moves.to_on,
        moves.height,
        moves.difference
    from moves
    left join bridges
        on
            moves.source = bridges.source
            and moves.model_key = bridges.model_key
            and moves.place between bridges.place and bridges.recovered_place
    where bridges.place is null
),

-- Created since the snapshot before the first that listed it: all that its first reading shows came since then.
born as (
    select
        arrived.source,
        arrived.listed_key as model_key,
        cast(models.created_at as date) as created_on
    from (
        select
            source,
            listed_key,
            model_key,
            min(first_on) as first_on
        from staging.stays
        group by source, listed_key, model_key
    ) as arrived
    semi join staging.disturbed_models as disturbed
        on arrived.source = disturbed.source and arrived.listed_key = disturbed.model_key
    inner join staging.chain as chain on arrived.source = chain.source and arrived.first_on = chain.observed_on
    inner join core.snapshots as earlier on chain.source = earlier.source and chain.previous_on = earlier.observed_on
    inner join staging.models as models on arrived.model_key = models.model_key
    where models.created_at > earlier.started_at
)

select
    outside.source,
    outside.model_key,
    outside.from_on,
    outside.to_on,
    outside.height,
    case when outside.difference < 0 then outside.to_on end as fell_on,
    greatest(outside.difference, 0) as gained,
    least(outside.difference, 0) as corrected,
    false as is_bridged,
    outside.difference >= 0 or falls.later_count > 8 as is_final
from outside
left join falls
    on outside.source = falls.source and outside.model_key = falls.model_key and outside.place = falls.place
union all
select
    bridges.source,
    bridges.model_key,
    bridges.from_on,
    recovered.observed_on as to_on,
    bridges.height,
    bridges.to_on as fell_on,
    recovered.downloads_all_time - bridges.height as gained,
    0 as corrected,
    true as is_bridged,
    true as is_final
from bridges
inner join staging.disturbed_readings as recovered
    on
        bridges.source = recovered.source
        and bridges.model_key = recovered.model_key
        and bridges.recovered_place = recovered.place
union all
select
    born.source,
    born.model_key,
    least(born.created_on, readings.observed_on) as from_on,
    readings.observed_on as to_on,
    0 as height,
    null as fell_on,
    readings.downloads_all_time as gained,
    0 as corrected,
    false as is_bridged,
    true as is_final
from born
inner join staging.disturbed_readings as readings
    on born.source = readings.source and born.model_key = readings.model_key and readings.place = 1
where readings.downloads_all_time > 0
