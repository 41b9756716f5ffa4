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
    offers.lab,
    offers.country,
    offers.licence_class,
    offers.size_band,
    offers.is_gated,
    sum(cast(flow.downloads_flow as decimal(28, 9))) as downloads_flow,
    coalesce(sum(cast(flow.downloads_flow as decimal(28, 9))) filter (where flow.is_estimate), 0) as estimated_flow
from now.week as running
inner join now.flow as flow on not running.is_quick
inner join staging.offers as offers
    on flow.model_key = offers.model_key and offers.from_on <= running.week and running.week < offers.until_on
group by running.week, offers.lab, offers.country, offers.licence_class, offers.size_band, offers.is_gated
