/*
meaning: The ISO weeks there is anything to say about, and whose snapshots measure each.
grain: [week]
columns:
  week: Monday of the ISO week, UTC
  source: >-
    whose snapshots lie on both sides of all its seven days, our own whole captures first, then who has them nearest to it;
    null where nobody's do, so that the week can only be estimated
  is_quick: whether only a quick capture saw the week; captures of different reach never share a week
  counted_days: >-
    days by the clock whose downloads the week is told; a snapshot counts as taken when its UTC day begins, so that one taken
    early on a Monday and the next late on one make it more than seven. Null where source is
  is_uneven: whether these are more than six hours more or less than seven days
*/
with days as (
    select cast(unnest(generate_series(
        date_trunc('week', (select min(observed_on) from staging.chain)),
        date_trunc('week', (select max(observed_on) from staging.chain)),
        interval 7 day
    )) as date) as week
),

-- A source without a cumulative counter measures nothing.
counting as (
    select distinct source
    from staging.pulse
    where gained > 0 or busy_count > 0 or fallen_count > 0
),

bracketing as (
    select
        days.week,
        chain.source,
        chain.source = 'huggingface_quick' as is_quick,
        min(chain.observed_on) filter (where chain.observed_on >= days.week + 7)
        - max(chain.observed_on) filter (where chain.observed_on <= days.week) as days_around
    from days
    inner join staging.chain as chain on chain.first_on <= days.week and chain.newest_on >= days.week + 7
    semi join counting on chain.source = counting.source
    group by days.week, chain.source
),

-- Who saw a week as a whole, be it from its two sides or within it.
seen_whole as (
    select week
    from bracketing
    where not is_quick
    union
    select cast(date_trunc('week', observed_on) as date) as week
    from staging.chain
    where source <> 'huggingface_quick'
),

best as (
    select
        week,
        source
    from bracketing
    where not is_quick or week not in (select week from seen_whole)
    qualify row_number() over (partition by week order by source = 'huggingface' desc, days_around asc, source asc) = 1
),

moments as (
    select
        chain.source,
        chain.observed_on,
        (epoch(snapshots.started_at) - epoch(chain.observed_on)) / 86400 as lateness
    from staging.chain as chain
    inner join core.snapshots as snapshots on chain.source = snapshots.source and chain.observed_on = snapshots.observed_on
),

mondays as (
    select
        source,
        week as monday
    from best
    union
    select
        source,
        week + 7 as monday
    from best
),

-- How late in its day the counters were read that stand for the Monday's beginning, which between two snapshots is a part of either.
late as (
    select
        mondays.source,
        mondays.monday,
        former.lateness + coalesce(
            (latter.lateness - former.lateness) * (mondays.monday - former.observed_on) / nullif(latter.observed_on - former.observed_on, 0), 0
        ) as lateness
    from mondays
    asof join moments as former on mondays.source = former.source and mondays.monday >= former.observed_on
    asof join moments as latter on mondays.source = latter.source and mondays.monday <= latter.observed_on
),

counted as (
    select
        best.week,
        7 + closed.lateness - opened.lateness as counted_days
    from best
    inner join late as opened on best.source = opened.source and best.week = opened.monday
    inner join late as closed on best.source = closed.source and best.week + 7 = closed.monday
)

select
    days.week,
    best.source,
    seen_whole.week is null as is_quick,
    counted.counted_days,
    coalesce(abs(counted.counted_days - 7) > 0.25, false) as is_uneven
from days
left join best on days.week = best.week
left join counted on days.week = counted.week
left join seen_whole on days.week = seen_whole.week
