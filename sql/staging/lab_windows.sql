/*
meaning: >-
  Downloads by lab, and by its country in each week, over each length of time that ends with a week's Sunday. A length with a week in it that
  nobody saw has no rows; the cumulative one begins with the first week and ends before the first one missing.
grain: [week, scope, credit, time_window, lab, country]
columns:
  week: Monday of the last ISO week of the window, UTC
  scope: S1 to S4; whether a model is in S3 or S4 is judged week by week
  credit: publisher, direct or root
  time_window: week; 28d; 365d, 52 weeks and a seventh of the one before; cumulative, since the first week
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country that was the lab's when they were downloaded
  last_there: last week up to this one in which it was
  downloads_flow: downloads in the window
  estimated_flow: part of them that is estimated
  n_models: models that were listed in the last week and give credit
  as_of: last snapshot used
*/
with counted as (
    select
        scope,
        week,
        max(as_of) as as_of
    from staging.lab_weeks
    group by scope, week
),

numbered as (
    select
        scope,
        week,
        as_of,
        week - cast(7 * row_number() over (partition by scope order by week) as integer) as chapter
    from counted
),

-- How many weeks, this one included, follow each other without one missing.
weeks as (
    select
        scope,
        week,
        as_of,
        count(*) over (partition by scope, chapter order by week) as weeks_in_a_row,
        min(chapter) over (partition by scope) = chapter as is_first_chapter
    from numbered
),

sides as (
    select
        scope,
        credit,
        lab,
        country,
        min(week) as since
    from staging.lab_weeks
    group by scope, credit, lab, country
),

grid as (
    select
        weeks.week,
        weeks.weeks_in_a_row,
        weeks.is_first_chapter,
        weeks.as_of,
        sides.scope,
        sides.credit,
        sides.lab,
        sides.country,
        there.week as week_there,
        coalesce(there.downloads_flow, 0) as downloads_flow,
        coalesce(there.estimated_flow, 0) as estimated_flow,
        coalesce(there.n_models, 0) as n_models
    from sides
    inner join weeks on sides.scope = weeks.scope and sides.since <= weeks.week
    left join staging.lab_weeks as there
        on
            weeks.week = there.week
            and sides.scope = there.scope
            and sides.credit = there.credit
            and sides.lab = there.lab
            and sides.country = there.country
),

added as (
    select
        grid.*,
        sum(grid.downloads_flow) over month as flow_28d,
        sum(grid.estimated_flow) over month as estimated_28d,
        sum(grid.downloads_flow) over year + cast(coalesce(sum(grid.downloads_flow) over odd_day, 0) / 7 as decimal(28, 9)) as flow_365d,
        sum(grid.estimated_flow) over year + cast(coalesce(sum(grid.estimated_flow) over odd_day, 0) / 7 as decimal(28, 9)) as estimated_365d,
        sum(grid.downloads_flow) over ever as flow_ever,
        sum(grid.estimated_flow) over ever as estimated_ever,
        max(grid.week_there) over ever as last_there
    from grid
    window
        month as (partition by grid.scope, grid.credit, grid.lab, grid.country order by grid.week range between interval 21 days preceding and current row),
        year as (partition by grid.scope, grid.credit, grid.lab, grid.country order by grid.week range between interval 357 days preceding and current row),
        odd_day as (
            partition by grid.scope, grid.credit, grid.lab, grid.country order by grid.week range between interval 364 days preceding and interval 364 days preceding
        ),
        ever as (partition by grid.scope, grid.credit, grid.lab, grid.country order by grid.week range between unbounded preceding and current row)
),

long as (
    select
        added.*,
        'week' as time_window,
        added.downloads_flow as flow,
        added.estimated_flow as estimated
    from added
    where added.week_there is not null
    union all
    select
        added.*,
        '28d' as time_window,
        added.flow_28d as flow,
        added.estimated_28d as estimated
    from added
    where added.weeks_in_a_row >= 4 and (added.week_there is not null or added.flow_28d > 0)
    union all
    select
        added.*,
        '365d' as time_window,
        added.flow_365d as flow,
        added.estimated_365d as estimated
    from added
    where added.weeks_in_a_row >= 53 and (added.week_there is not null or added.flow_365d > 0)
    union all
    select
        added.*,
        'cumulative' as time_window,
        added.flow_ever as flow,
        added.estimated_ever as estimated
    from added
    where added.is_first_chapter and (added.week_there is not null or added.flow_ever > 0)
)

select
    week,
    scope,
    credit,
    time_window,
    lab,
    country,
    last_there,
    cast(flow as decimal(28, 9)) as downloads_flow,
    cast(estimated as decimal(28, 9)) as estimated_flow,
    n_models,
    as_of
from long
