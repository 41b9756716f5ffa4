/*
meaning: Which part of each week lies in which quarter, so that a week across two quarters is shared between them by days.
grain: [quarter, week]
columns:
  quarter: first day of the quarter
  week: Monday of the ISO week, of weeks with downloads that more than a quick capture saw
  days: days of the week in the quarter, 1 to 7
*/
with seen as (
    select distinct week
    from staging.lab_weeks
    where scope = 'S1'
),

days as (
    select
        week,
        week + cast(unnest(range(7)) as integer) as day
    from seen
)

select
    cast(date_trunc('quarter', day) as date) as quarter,
    week,
    count(*) as days
from days
group by date_trunc('quarter', day), week
