/*
meaning: Measured downloads of each week of the models whose staying power is followed.
per: week
grain: [model_key, week]
columns:
  model_key: our number for the model
  week: Monday of the ISO week, UTC
  downloads_flow: downloads in the week
*/
select
    flow.model_key,
    flow.week,
    flow.downloads_flow
from staging.staying_candidates as candidates
inner join now.flow as flow on candidates.model_key = flow.model_key
cross join now.week as running
where not flow.is_estimate and flow.downloads_flow > 0 and not running.is_quick
