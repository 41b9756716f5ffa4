/*
question: Are small or large models in demand, and is that changing?
answer: >-
  share_of_known_4w is the median share over four weeks among models of known size; small is under 5B parameters, large 50B and more. direction says
  whether it has risen or fallen for a quarter.
*/
select
    week,
    size_band,
    share_of_known_4w,
    change_13w,
    direction,
    unknown_share
from marts.size_band_shares
where scope = 'S2' and level = 'class' and size_band <> 'unknown'
order by week desc, size_band asc
limit 39
