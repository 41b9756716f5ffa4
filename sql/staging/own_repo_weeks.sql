/*
meaning: Downloads of each week that reviewed labs' own repositories bring to the labs' own roots.
per: week
grain: [week, lab]
columns:
  week: Monday of the ISO week, UTC
  lab: slug of the lab
  own_flow: downloads of models that the lab published and that go back to a root of the same lab, by their part in it
*/
with rooted as (
    select
        lab_key,
        lineage_flow as own_flow
    from now.passed_flow
    where credit = 'root' and lab_key = base_lab_key
    union all
    select
        lab_key,
        cast(downloads_flow as decimal(28, 9)) as own_flow
    from now.pooled_flow
    where not is_derived and n_models > 0
)

select
    running.week,
    labs.lab,
    sum(rooted.own_flow) as own_flow
from rooted
cross join now.week as running
inner join staging.known_labs as labs on rooted.lab_key = labs.lab_key and labs.is_first_party
where not running.is_quick
group by running.week, labs.lab
