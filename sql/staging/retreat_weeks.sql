/*
meaning: >-
  On how many occasions each reviewed lab and each country released and withdrew in each week, from its first release on, without
  holes. A family of models is one decision, so that what a lab releases within four days with the same gate and the same class of
  licence (permissive or not) is one occasion, and so is what it withdraws within four days. A country is held against the past of the labs
  that are at home there now: one that moved took its past along, or the country it left would look as if it were closing.
grain: [week, level, side]
columns:
  week: Monday of the ISO week, UTC; only weeks that had ended by the last snapshot
  level: lab or country
  side: slug of the lab, or code of the country
  releases: >-
    occasions that began in the week (first day, UTC); no quantised re-packs. Days no more than three apart form a run, and a run is an
    occasion for each four days begun, so that who releases daily has more occasions, not one without end
  n_gated: those for whose models access had to be asked for when first recorded
  n_non_permissive: those whose models' first licence was not permissive
  withdrawn: occasions on which releases of any time left the Hub that began in the week
  has_open_flagship: whether a model released in the week is an open flagship of the side
  own_repo_flow: downloads of the week that the labs' own repositories bring to the side's roots; null in weeks that were not measured
  root_flow: all downloads of the week credited to the side's roots; null in weeks that were not measured
*/
with homes as (
    select
        lab,
        arg_max(country, valid_from) as country
    from registry.labs
    where valid_from <= (select max(chain.observed_on) from staging.chain as chain)
    group by lab
),

days as (
    select
        lab,
        false as is_withdrawal,
        is_gated,
        is_permissive,
        cast(released_at as date) as day
    from staging.releases
    group by lab, is_gated, is_permissive, cast(released_at as date)
    union all
    select
        lab,
        true as is_withdrawal,
        null as is_gated,
        null as is_permissive,
        withdrawn_on as day
    from staging.releases
    where withdrawn_on is not null
    group by lab, withdrawn_on
),

begun_runs as (
    select
        *,
        case
            when day <= lag(day) over (partition by lab, is_withdrawal, is_gated, is_permissive order by day) + 3 then null
            else day
        end as run_day
    from days
),

runs as (
    select
        * exclude (run_day),
        max(run_day) over (partition by lab, is_withdrawal, is_gated, is_permissive order by day) as run_from
    from begun_runs
),

occasions as (
    select
        lab,
        is_withdrawal,
        is_gated,
        is_permissive,
        min(day) as day
    from runs
    group by lab, is_withdrawal, is_gated, is_permissive, run_from, (day - run_from) // 4
),

sides as (
    select
        'lab' as level,
        lab as side,
        *
    from occasions
    union all
    select
        'country' as level,
        homes.country as side,
        occasions.*
    from occasions
    inner join homes on occasions.lab = homes.lab
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
    from (
        select
            level,
            side,
            date_trunc('week', min(day)) as first_week
        from sides
        where not is_withdrawal
        group by level, side
    ) as begun
    cross join bounds,
        unnest(generate_series(begun.first_week, bounds.end_on - interval 7 day, interval 7 day)) as weeks (day)
),

counted as (
    select
        level,
        side,
        cast(date_trunc('week', day) as date) as week,
        count(*) filter (where not is_withdrawal) as releases,
        count(*) filter (where is_gated) as n_gated,
        count(*) filter (where not is_permissive) as n_non_permissive,
        count(*) filter (where is_withdrawal) as withdrawn
    from sides
    group by level, side, date_trunc('week', day)
),

launched as (
    select distinct
        flagships.level,
        flagships.side,
        cast(date_trunc('week', releases.released_at) as date) as week
    from staging.flagships as flagships
    inner join staging.releases as releases on flagships.model_key = releases.model_key
    inner join homes on releases.lab = homes.lab
    where flagships.is_open and (flagships.level = 'lab' or flagships.side = homes.country)
),

rooted as (
    select
        roots.week,
        roots.lab,
        homes.country,
        roots.downloads_flow as root_flow,
        coalesce(own.own_flow, 0) as own_flow
    from staging.lab_weeks as roots
    semi join staging.releases as releases on roots.lab = releases.lab
    inner join homes on roots.lab = homes.lab
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
    coalesce(counted.releases, 0) as releases,
    coalesce(counted.n_gated, 0) as n_gated,
    coalesce(counted.n_non_permissive, 0) as n_non_permissive,
    coalesce(counted.withdrawn, 0) as withdrawn,
    launched.week is not null as has_open_flagship,
    families.own_flow as own_repo_flow,
    families.root_flow
from grid
left join counted on grid.level = counted.level and grid.side = counted.side and grid.week = counted.week
left join launched on grid.level = launched.level and grid.side = launched.side and grid.week = launched.week
left join families on grid.level = families.level and grid.side = families.side and grid.week = families.week
