/*
meaning: >-
  How concentrated downloads are now, for people to read, rounded. The newest week that captures of the whole Hub measured, or the
  newest they saw as long as none is measured.
kind: view
grain: [scope, credit, level]
columns:
  scope: S1 to S4, as in marts.share_by_lab; with -quick where there are only quick captures
  credit: publisher, direct or root
  level: lab, every unreviewed namespace being one of its own; country, of reviewed labs only; model
  hhi: sum of squared shares, 0 to 10,000, whole ones
  gini: 0 where all that were downloaded are equal, to three digits
  gini_with_zeros: the same over all that were listed
  cr1: share of the first, to four digits
  cr4: share of the first four
  cr10: share of the first ten
  cr100: share of the first hundred
  effective_number: how many equal ones would be as concentrated, to one digit
  n: how many had downloads
  unknown_share: part of the downloads in scope whose namespace was not reviewed; countries are spread without it
  estimated_share: part of the downloads in scope that is estimated from the 30-day counter; 1 as long as no week is measured
  week: Monday of the week
  as_of: last snapshot used
warnings:
  - For reading. Unrounded numbers of every week are in marts.concentration.
*/
select
    spread.scope,
    spread.credit,
    spread.level,
    cast(round(spread.hhi) as integer) as hhi,
    round(spread.gini, 3) as gini,
    round(spread.gini_with_zeros, 3) as gini_with_zeros,
    round(spread.cr1, 4) as cr1,
    round(spread.cr4, 4) as cr4,
    round(spread.cr10, 4) as cr10,
    round(spread.cr100, 4) as cr100,
    round(spread.effective_number, 1) as effective_number,
    spread.n,
    round(spread.unknown_share, 4) as unknown_share,
    round(spread.estimated_share, 4) as estimated_share,
    spread.week,
    spread.as_of
from marts.concentration as spread
inner join staging.newest_week as newest on spread.week = newest.week
order by spread.scope, spread.credit, spread.level
