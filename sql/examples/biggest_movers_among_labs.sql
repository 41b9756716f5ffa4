/*
question: Which labs gained or lost most within four weeks?
answer: >-
  change is the lab's share of all downloads of language models (publisher credit) in the week less the same four weeks before; entry is the part that
  came with models under 90 days old.
*/
select
    week,
    side as lab,
    country,
    share_then,
    share_now,
    change,
    entry
from marts.share_changes
where
    level = 'lab' and scope = 'S2' and weeks_back = 4 and side <> 'hf:(others)'
    and week = (select max(newest.week) from marts.share_changes as newest where newest.weeks_back = 4)
order by abs(change) desc, side asc
limit 15
