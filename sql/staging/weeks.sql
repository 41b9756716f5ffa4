/*
meaning: The ISO weeks there is anything to say about, and whose snapshots measure each.
grain: [week]
columns:
  week: Monday of the ISO week, UTC
  source: >-
    whose snapshots lie on both sides of all its seven days, our own whole captures first, then who has them nearest to it;
    null where nobody's do, so that the week can only be estimated
  is_quick: whether only a quick capture saw the week; captures of different reach never share a week
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
)

select
    days.week,
    best.source,
    seen_whole.week is null as is_quick
from days
left join best on days.week = best.week
left join seen_whole on days.week = seen_whole.week
