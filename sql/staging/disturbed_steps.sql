/*
meaning: >-
  What the disturbed models really gained. A counter that fell and came back within 8 snapshots is bridged from the last
  good value to the first recovered one; one that did not come back was corrected for good: nothing was gained, and the
  difference is kept as a correction.
grain: [source, model_key, from_on]
columns:
  source: who captured it
  model_key: our number for the model
  from_on: day of the last good value
  to_on: day of the value that ends the step
  fell_on: day the counter was first seen fallen; null if it did not fall
  gained: downloads gained in the step, never negative
  corrected: how far the counter was lowered for good; negative, or zero
  is_bridged: whether the counter fell in between and came back
  is_final: whether later snapshots can't change it any more
checks:
  - between: {column: gained, min: 0}
  - between: {column: corrected, max: 0}
*/
with readings as (
    select
        counters.source,
        counters.model_key,
        counters.observed_on,
        counters.downloads_all_time,
        row_number() over (partition by counters.source, counters.model_key order by counters.observed_on) as place
    from staging.counters as counters
    semi join staging.disturbed_models as disturbed
        on counters.source = disturbed.source and counters.model_key = disturbed.model_key
    anti join (select * from staging.spans where is_stalled and not is_open) as stalled
        on counters.source = stalled.source and counters.observed_on = stalled.to_on
    where counters.downloads_all_time is not null
),

moves as (
    select
        latter.source,
        latter.model_key,
        latter.place,
        former.observed_on as from_on,
        latter.observed_on as to_on,
        former.downloads_all_time as height,
        latter.downloads_all_time - former.downloads_all_time as difference
    from readings as latter
    inner join readings as former
        on latter.source = former.source and latter.model_key = former.model_key and latter.place = former.place + 1
),

-- MEASURES 1: comes back within 8 snapshots.
falls as (
    select
        moves.source,
        moves.model_key,
        moves.place,
        moves.from_on,
        moves.to_on,
        moves.height,
        min(later.place) filter (where later.downloads_all_time >= moves.height) as recovered_place,
        count(*) as later_count
    from moves
    inner join readings as later
        on
            moves.source = later.source
            and moves.model_key = later.model_key
            and later.place between moves.place and moves.place + 8
    where moves.difference < 0
    group by moves.source, moves.model_key, moves.place, moves.from_on, moves.to_on, moves.height
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
        moves.difference
    from moves
    left join bridges
        on
            moves.source = bridges.source
            and moves.model_key = bridges.model_key
            and moves.place between bridges.place and bridges.recovered_place
    where bridges.place is null
)

select
    outside.source,
    outside.model_key,
    outside.from_on,
    outside.to_on,
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
    bridges.to_on as fell_on,
    recovered.downloads_all_time - bridges.height as gained,
    0 as corrected,
    true as is_bridged,
    true as is_final
from bridges
inner join readings as recovered
    on
        bridges.source = recovered.source
        and bridges.model_key = recovered.model_key
        and bridges.recovered_place = recovered.place
