/*
question: Who leads among models in their first year?
answer: >-
  Scope S4: models in the first 365 days of their lives, so that old favourites do not decide. Shares of known downloads in the newest measured week.
*/
select
    place,
    country_name,
    share_of_known,
    n_models,
    unknown_share
from marts.latest_shares_by_country
where scope = 'S4' and credit = 'publisher' and time_window = 'week'
order by place
limit 10
