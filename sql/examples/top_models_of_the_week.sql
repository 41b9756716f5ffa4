/*
question: Which single models were downloaded most in the newest measured week?
answer: >-
  downloads_flow are the downloads within that week. is_flagged says that something disturbed the counter; look into core.counter_events before
  quoting it.
*/
select
    models.model_name,
    flow.week,
    flow.downloads_flow,
    flow.is_estimate,
    flow.is_flagged
from core.weekly_flow as flow
inner join core.models as models on flow.hub_id = models.hub_id
where flow.week = (select max(week) from marts.latest_shares_by_country)
order by flow.downloads_flow desc, models.model_name asc
limit 20
