/*
meaning: Downloads of each week by who offered the models, under which terms and how large they are.
per: week
grain: [week, lab, country, licence_class, size_band, is_gated]
columns:
  week: Monday of the ISO week, UTC; a week that only a quick capture saw has no rows
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab in that week
  licence_class: class of the licence in that week
  size_band: size class by number of parameters
  is_gated: whether access had to be asked for in that week
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
*/
select
    running.week,
    labs.shown_lab as lab,
    labs.country,
    pooled.licence_class,
    pooled.size_band,
    pooled.is_gated,
    sum(cast(pooled.downloads_flow as decimal(28, 9))) as downloads_flow,
    coalesce(sum(cast(pooled.downloads_flow as decimal(28, 9))) filter (where pooled.is_estimate), 0) as estimated_flow
from now.week as running
inner join now.pooled_flow as pooled on not running.is_quick
inner join staging.known_labs as labs on pooled.lab_key = labs.lab_key
group by running.week, labs.shown_lab, labs.country, pooled.licence_class, pooled.size_band, pooled.is_gated
