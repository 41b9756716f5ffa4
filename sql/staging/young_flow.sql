/*
meaning: Downloads of each week of the candidates for relative adoption, as long as they are no older than a year and a week.
per: week
grain: [model_key, week]
columns:
  model_key: our number for the model
  week: Monday of the ISO week, UTC
  downloads_flow: downloads in the week
  is_estimate: whether the model's own cumulative counter is not known for the week, so that nothing follows from it
*/
select
    flow.model_key,
    flow.week,
    flow.downloads_flow,
    flow.is_estimate
from staging.adoption_candidates as candidates
inner join now.flow as flow on candidates.model_key = flow.model_key
where
    (flow.is_estimate or flow.downloads_flow > 0)
    and flow.week < candidates.born_at + interval 372 day
