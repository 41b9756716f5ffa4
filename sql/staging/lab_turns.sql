/*
meaning: How many more models of a lab than in the week before are listed in a scope and give credit, in the weeks in which that changes.
grain: [scope, credit, lab_key, week]
columns:
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  lab_key: our number for the lab, as it is in that week
  week: Monday of the ISO week, UTC
  change: models more than in the week before, fewer where it is negative
*/
with
-- A week is its Monday, so a day stands for the first Monday that is no earlier.
homes as (
    select
        homes.model_key,
        homes.lab_key,
        cast(date_trunc('week', greatest(homes.from_on, known.first_week) - 1) as date) + 7 as from_week,
        cast(date_trunc('week', least(homes.until_on, known.end_week) - 1) as date) + 7 as until_week
    from staging.homes as homes
    cross join (select min(week) as first_week, max(week) + 7 as end_week from staging.weeks) as known
),

housed as (
    select
        spans.scope,
        spans.credit,
        homes.lab_key,
        greatest(spans.from_week, homes.from_week) as from_week,
        least(spans.until_week, homes.until_week) as until_week
    from staging.listed_spans as spans
    inner join homes
        on spans.model_key = homes.model_key and homes.from_week < spans.until_week and spans.from_week < homes.until_week
    where homes.from_week < homes.until_week
),

turns as (
    select scope, credit, lab_key, from_week as week, count(*) as change
    from housed
    group by scope, credit, lab_key, from_week
    union all
    select scope, credit, lab_key, until_week as week, -count(*) as change
    from housed
    group by scope, credit, lab_key, until_week
)

select
    scope,
    credit,
    lab_key,
    week,
    cast(sum(change) as bigint) as change
from turns
group by scope, credit, lab_key, week
having sum(change) <> 0
