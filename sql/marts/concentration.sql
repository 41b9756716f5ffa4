/*
meaning: How the downloads of each week are spread over labs, countries and models.
grain: [week, scope, credit, level]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  level: lab, every unreviewed namespace being one of its own; country, of reviewed labs only; model
  hhi: sum of squared shares, 0 to 10,000
  gini: 0 where all that were downloaded are equal; only those with downloads
  gini_with_zeros: the same over all that were listed
  cr1: share of the first, 0..1
  cr4: share of the first four
  cr10: share of the first ten
  cr100: share of the first hundred
  effective_number: how many equal ones would be as concentrated, 1 / sum of squared shares
  n: how many had downloads
  as_of: last snapshot used
checks:
  - between: {column: hhi, min: 0, max: 10000.000001}
  - between: {column: gini, min: -0.000001, max: 1}
  - between: {column: cr100, min: 0, max: 1.000001}
warnings:
  - What a model brought between our last look and its withdrawal is in no counter. Where much is withdrawn at once, that week is up to 1.5 % off in a rehearsal.
  - Over countries only the reviewed part is spread; over labs each unreviewed namespace is a lab of its own.
*/
select
    week,
    scope,
    credit,
    level,
    hhi,
    gini,
    gini_with_zeros,
    cr1,
    cr4,
    cr10,
    cr100,
    effective_number,
    n,
    as_of
from staging.concentration_weeks
