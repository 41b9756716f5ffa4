/*
question: Do a few labs have most of the downloads, and is that rising?
answer: >-
  Downloads of language models by lab, publisher credit.
  hhi is the sum of squared shares (10,000 is a monopoly), cr4 the share of the four largest, effective_number how many equal labs would be as
  concentrated. One row for each of the last weeks; where estimated_share is 1, no second reading measures the week yet.
*/
select
    week,
    hhi,
    cr1,
    cr4,
    cr10,
    effective_number,
    n,
    estimated_share
from marts.concentration
where scope = 'S2' and credit = 'publisher' and level = 'lab'
order by week desc
limit 26
