/*
question: Which labs are downloaded most right now?
answer: >-
  One row for each lab, the largest first; share_of_total is of all downloads of language models in the newest measured week. The small
  unreviewed ones, which are many, have no place.
*/
select
    place,
    lab_name,
    country,
    share_of_total,
    downloads_flow,
    week
from marts.latest_shares_by_lab
where scope = 'S2' and credit = 'publisher' and time_window = 'week'
order by place
limit 20
