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
    derived.credit,
    derived.base_country,
    derived.country as derivative_country,
    sum(derived.downloads_flow) as downloads_flow,
    sum(derived.estimated_flow) as estimated_flow
from now.derived_flow as derived
cross join now.week as running
group by running.week, derived.credit, derived.base_country, derived.country
