/*
question: When did one country overtake another, and did it hold?
answer: >-
  crossover_week is the week of the turn, interval_low and interval_high hold it in 95 % of 500 resamples; resample_share near 1 means that no single
  lab decides it, or no few weeks where both countries have one lab. No rows: no pair of the twelve largest countries crossed and held.
*/
select
    side_a,
    side_b,
    leads_after,
    crossover_week,
    interval_low,
    interval_high,
    resample_share,
    held_weeks
from marts.crossovers
where level = 'country' and scope = 'S2' and credit = 'publisher' and crossover_week is not null
order by crossover_week desc, side_a asc, side_b asc
limit 20
