/*
meaning: Downloads of each week through derived models, by the country of the base and that of the author.
per: week
grain: [week, credit, base_country, derivative_country]
columns:
  week: Monday of the ISO week, UTC; a week that only a quick capture saw has no rows
  credit: direct, the base is the parent; root, it is where the model comes from in the end
  base_country: country of the base's lab in that week
  derivative_country: country of the derived model's lab in that week
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
*/
select
    running.week,
    passed.credit,
    bases.country as base_country,
    labs.country as derivative_country,
    sum(passed.lineage_flow) as downloads_flow,
    coalesce(sum(passed.lineage_flow) filter (where passed.is_estimate), 0) as estimated_flow
from now.passed_flow as passed
inner join now.week as running on not running.is_quick
inner join staging.known_labs as labs on passed.lab_key = labs.lab_key
inner join staging.known_labs as bases on passed.base_lab_key = bases.lab_key
group by running.week, passed.credit, bases.country, labs.country
