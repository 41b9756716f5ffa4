/*
question: Do a few labs have most of the downloads, and is that rising?
answer: >-
  Downloads of language models by lab, publisher credit.
  hhi is the sum of squared shares (10,000 is a monopoly), cr4 the share of the four largest, effective_number how many equal labs would be as
  concentrated. One row for each of the last weeks that were measured.
*/
select
    spread.week,
    spread.hhi,
    spread.cr1,
    spread.cr4,
    spread.cr10,
    spread.effective_number,
    spread.n
from marts.concentration as spread
semi join core.weeks as weeks on spread.week = weeks.week and weeks.is_measured
where spread.scope = 'S2' and spread.credit = 'publisher' and spread.level = 'lab'
order by spread.week desc
limit 26
