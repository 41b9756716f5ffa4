/*
question: Which countries lead in downloads of language models right now?
answer: >-
  share_of_known is the part of the downloads whose publisher was reviewed; lower_bound and upper_bound say what it can be of all, since nobody
  reviewed the rest. Where estimated_share is 1, no second reading measures the week yet.
*/
select
    country_name,
    share_of_known,
    lower_bound,
    upper_bound,
    unknown_share,
    estimated_share,
    week
from marts.latest_shares_by_country
where scope = 'S2' and credit = 'publisher' and time_window = 'week'
order by place
limit 10
