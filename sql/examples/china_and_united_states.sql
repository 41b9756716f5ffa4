/*
question: How did the shares of China and the United States develop, week by week?
answer: >-
  Shares of known downloads of language models over 28 days, with the least and the most of all downloads that each can have. A week that nobody saw
  has no row.
*/
select
    week,
    country,
    share_of_known,
    lower_bound,
    upper_bound,
    is_estimate
from marts.share_by_country
where scope = 'S2' and credit = 'publisher' and time_window = '28d' and country in ('CN', 'US')
order by week desc, country asc
limit 104
