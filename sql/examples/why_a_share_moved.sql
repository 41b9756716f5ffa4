/*
question: Why did the share of a country change within the last quarter?
answer: >-
  The four parts entry (models under 90 days old), growth, decay and reclassification add up to change, which is share_now less share_then, 13 weeks
  apart.
*/
select
    since_week,
    week,
    side as country,
    share_then,
    share_now,
    change,
    entry,
    growth,
    decay,
    reclassification
from marts.share_changes
where
    level = 'country' and scope = 'S2' and weeks_back = 13
    and week = (select max(newest.week) from marts.share_changes as newest where newest.weeks_back = 13)
order by abs(change) desc, side asc
limit 10
