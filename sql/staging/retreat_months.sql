/*
meaning: What each reviewed lab and each country released and withdrew in each month, from its first release on, without holes.
grain: [month, level, side]
columns:
  month: first day of the month
  level: lab or country
  side: slug of the lab, or code of the country
  releases: models created in the month; no quantised re-packs
  n_open: those with a permissive licence and ungated
  n_gated: those for which access had to be asked for when first recorded
  n_non_permissive: those whose first licence was not permissive
  withdrawn: releases of any time that left the Hub in the month
  months_since_open_flagship: months from the last open flagship to this one, 0 in its own month; null before the first
  months_since_flagship: the same with any licence and gate
  own_repo_share: part of the month's downloads credited to the side's roots that the labs' own repositories serve
  is_complete: whether the month had ended by the last snapshot
  is_reconstructed: whether the month began before the first snapshot
  as_of: last snapshot used
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

-- A gap in our own capture is none in the labs' releases, so that months follow the calendar.
bounds as (
    select
        min(observed_on) as first_on,
        max(observed_on) as as_of
    from staging.chain
    where source <> 'huggingface_quick'
),

grid as (
    select
        begun.level,
        begun.side,
        cast(months.day as date) as month,
        cast(months.day + interval 1 month as date) as next_month,
        bounds.first_on,
        bounds.as_of
    from (select level, side, min(month) as first_month from sides group by level, side) as begun
    cross join bounds,
        unnest(generate_series(begun.first_month, bounds.as_of, interval 1 month)) as months (day)
),

released as (
    select
        level,
        side,
        month,
        count(*) as releases,
        count(*) filter (where is_permissive and not is_gated) as n_open,
        count(*) filter (where is_gated) as n_gated,
        count(*) filter (where not is_permissive) as n_non_permissive
    from sides
    group by level, side, month
),

left_hub as (
    select
        level,
        side,
        cast(date_trunc('month', withdrawn_on) as date) as month,
        count(*) as withdrawn
    from sides
    where withdrawn_on is not null
    group by level, side, date_trunc('month', withdrawn_on)
),

flagships as (
    select
        level,
        side,
        month,
        bool_or(is_open) as is_open
    from staging.flagships
    group by level, side, month
),

families as (
    select
        levels.level,
        case levels.level when 'lab' then roots.lab else roots.country end as side,
        cast(date_trunc('month', roots.week) as date) as month,
        sum(roots.downloads_flow) as root_flow,
        coalesce(sum(own.own_flow), 0) as own_flow
    from staging.lab_weeks as roots
    semi join staging.releases as releases on roots.lab = releases.lab
    left join staging.own_repo_weeks as own on roots.week = own.week and roots.lab = own.lab
    cross join (values ('country'), ('lab')) as levels (level)
    where roots.credit = 'root' and roots.scope = 'S1'
    group by levels.level, case levels.level when 'lab' then roots.lab else roots.country end, date_trunc('month', roots.week)
)

select
    grid.month,
    grid.level,
    grid.side,
    coalesce(released.releases, 0) as releases,
    coalesce(released.n_open, 0) as n_open,
    coalesce(released.n_gated, 0) as n_gated,
    coalesce(released.n_non_permissive, 0) as n_non_permissive,
    coalesce(left_hub.withdrawn, 0) as withdrawn,
    date_diff(
        'month',
        max(case when flagships.is_open then flagships.month end) over so_far,
        grid.month
    ) as months_since_open_flagship,
    date_diff('month', max(flagships.month) over so_far, grid.month) as months_since_flagship,
    cast(families.own_flow as double) / cast(nullif(families.root_flow, 0) as double) as own_repo_share,
    grid.next_month <= grid.as_of as is_complete,
    grid.month < grid.first_on as is_reconstructed,
    grid.as_of
from grid
left join released on grid.level = released.level and grid.side = released.side and grid.month = released.month
left join left_hub on grid.level = left_hub.level and grid.side = left_hub.side and grid.month = left_hub.month
left join flagships on grid.level = flagships.level and grid.side = flagships.side and grid.month = flagships.month
left join families on grid.level = families.level and grid.side = families.side and grid.month = families.month
window so_far as (partition by grid.level, grid.side order by grid.month)
