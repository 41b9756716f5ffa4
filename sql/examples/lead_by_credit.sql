/*
question: Who leads if derivatives count for the model they come from?
answer: >-
  Language models, the same week three times: publisher is whoever uploaded, direct the lab of the parent, root the lab where a model comes from in the end. Only
  publisher counts re-packs for the re-packer.
*/
select
    week,
    credit,
    place,
    country_name,
    share_of_known,
    lower_bound,
    upper_bound,
    estimated_share
from marts.latest_shares_by_country
where scope = 'S2' and time_window = 'week' and place <= 5
order by credit, place
