/*
question: Who leads among models in their first year?
answer: >-
  Scope S4: models in the first 365 days of their lives, so that old favourites do not decide. Shares of known downloads in the newest measured week; the bounds are of all.
  Where estimated_share is 1, none is measured yet.
*/
select
    place,
    country_name,
    share_of_known,
    lower_bound,
    upper_bound,
    n_models,
    unknown_share,
    estimated_share,
    week
from marts.latest_shares_by_country
where scope = 'S4' and credit = 'publisher' and time_window = 'week'
order by place
limit 10
