/*
meaning: What each reviewed lab and each country released and withdrew in each week, from its first release on, without holes.
grain: [week, level, side]
columns:
  week: Monday of the ISO week, UTC; only weeks that had ended by the last snapshot
  level: lab or country
  side: slug of the lab, or code of the country
  releases: models created in the week; no quantised re-packs
  n_gated: those for which access had to be asked for when first recorded
  n_non_permissive: those whose first licence was not permissive
  withdrawn: releases of any time that left the Hub in the week
  has_open_flagship: whether one of them is an open flagship of the side
  own_repo_flow: downloads of the week that the labs' own repositories bring to the side's roots; null in weeks that were not measured
  root_flow: all downloads of the week credited to the side's roots; null in weeks that were not measured
*/
with sides as (
    select
        'lab' as level,
        lab as side,
        *
    from staging.releases
    union all
    select
        'country' as level,
        country as side,
        *
    from staging.releases
),

-- A gap in our own capture is none in the labs' releases, so that weeks follow the calendar.
bounds as (
    select cast(date_trunc('week', max(observed_on)) as date) as end_on
    from staging.chain
    where source <> 'huggingface_quick'
),

grid as (
    select
        begun.level,
        begun.side,
        cast(weeks.day as date) as week
    from (select level, side, date_trunc('week', min(released_at)) as first_week from sides group by level, side) as begun
    cross join bounds,
        unnest(generate_series(begun.first_week, bounds.end_on - interval 7 day, interval 7 day)) as weeks (day)
),

released as (
    select
        sides.level,
        sides.side,
        cast(date_trunc('week', sides.released_at) as date) as week,
        count(*) as releases,
        count(*) filter (where sides.is_gated) as n_gated,
        count(*) filter (where not sides.is_permissive) as n_non_permissive,
        coalesce(bool_or(flagships.is_open), false) as has_open_flagship
    from sides
    left join staging.flagships as flagships
        on sides.level = flagships.level and sides.side = flagships.side and sides.model_key = flagships.model_key
    group by sides.level, sides.side, date_trunc('week', sides.released_at)
),

left_hub as (
    select
        level,
        side,
        cast(date_trunc('week', withdrawn_on) as date) as week,
        count(*) as withdrawn
    from sides
    where withdrawn_on is not null
    group by level, side, date_trunc('week', withdrawn_on)
),

rooted as (
    select
        roots.week,
        roots.lab,
        roots.country,
        roots.downloads_flow as root_flow,
        coalesce(own.own_flow, 0) as own_flow
    from staging.lab_weeks as roots
    semi join staging.releases as releases on roots.lab = releases.lab
    left join staging.own_repo_weeks as own on roots.week = own.week and roots.lab = own.lab
    where roots.credit = 'root' and roots.scope = 'S1'
),

families as (
    select
        'lab' as level,
        lab as side,
        week,
        root_flow,
        own_flow
    from rooted
    union all
    select
        'country' as level,
        country as side,
        week,
        sum(root_flow) as root_flow,
        sum(own_flow) as own_flow
    from rooted
    group by country, week
)

select
    grid.week,
    grid.level,
    grid.side,
    coalesce(released.releases, 0) as releases,
    coalesce(released.n_gated, 0) as n_gated,
    coalesce(released.n_non_permissive, 0) as n_non_permissive,
    coalesce(left_hub.withdrawn, 0) as withdrawn,
    coalesce(released.has_open_flagship, false) as has_open_flagship,
    families.own_flow as own_repo_flow,
    families.root_flow
from grid
left join released on grid.level = released.level and grid.side = released.side and grid.week = released.week
left join left_hub on grid.level = left_hub.level and grid.side = left_hub.side and grid.week = left_hub.week
left join families on grid.level = families.level and grid.side = families.side and grid.week = families.week
