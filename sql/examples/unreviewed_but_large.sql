/*
question: Which publishers should be reviewed next, because they are downloaded and nobody knows whose they are?
answer: >-
  Namespaces without a row in the registry, by their part of all downloads in the newest measured week. Each of them is in UNKNOWN until somebody
  reviews it.
*/
select
    lab_name as namespace,
    share_of_total,
    downloads_flow,
    n_models,
    estimated_share,
    week
from marts.latest_shares_by_lab
where
    scope = 'S1' and credit = 'publisher' and time_window = 'week' and country = 'UNKNOWN'
    and lab <> 'hf:(others)'
order by place
limit 25
