/*
meaning: Downloads of each week by the lab that gets the credit; small unreviewed namespaces stand together.
per: week
grain: [week, scope, credit, lab]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4
  credit: publisher, direct or root
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab in that week; UNKNOWN where it was not reviewed
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
  n_models: models that were listed in the week and give credit
  as_of: last snapshot used
checks:
  - between: {column: downloads_flow, min: 0}
*/
select
    running.week,
    labs.scope,
    labs.credit,
    coalesce(listed.lab, 'hf:(others)') as lab,
    min(labs.country) as country,
    cast(sum(labs.downloads_flow) as decimal(28, 9)) as downloads_flow,
    cast(sum(labs.estimated_flow) as decimal(28, 9)) as estimated_flow,
    cast(sum(labs.n_models) as bigint) as n_models,
    max((select max(flow.as_of) from now.flow as flow)) as as_of
from now.credited_labs as labs
cross join now.week as running
left join staging.listed_labs as listed on labs.lab = listed.lab
group by running.week, labs.scope, labs.credit, coalesce(listed.lab, 'hf:(others)')
