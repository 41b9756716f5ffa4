/*
meaning: Downloads of each week that reviewed labs' own repositories bring to the labs' own roots.
per: week
grain: [week, lab]
columns:
  week: Monday of the ISO week, UTC
  lab: slug of the lab
  country: country of the lab in that week
  own_flow: downloads of models that the lab published and that go back to a root of the same lab, by their part in it
*/
with there as (
    select
        homes.model_key,
        homes.lab,
        homes.country
    from staging.homes as homes
    inner join now.week as running on homes.is_first_party and homes.from_on <= running.week and running.week < homes.until_on
),

published as (
    select
        there.model_key,
        there.lab,
        there.country,
        flow.downloads_flow
    from there
    inner join now.flow as flow on there.model_key = flow.model_key
    where flow.downloads_flow > 0
),

rooted as (
    select
        published.lab,
        published.country,
        cast(published.downloads_flow * ancestors.weight as decimal(28, 9)) as own_flow
    from published
    inner join staging.ancestors as ancestors on published.model_key = ancestors.model_key
    inner join there on ancestors.root_key = there.model_key and published.lab = there.lab
    union all
    select
        published.lab,
        published.country,
        cast(published.downloads_flow as decimal(28, 9)) as own_flow
    from published
    anti join staging.ancestors as ancestors on published.model_key = ancestors.model_key
)

select
    running.week,
    rooted.lab,
    min(rooted.country) as country,
    sum(rooted.own_flow) as own_flow
from rooted
cross join now.week as running
where not running.is_quick
group by running.week, rooted.lab
