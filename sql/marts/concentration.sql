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
  gini_with_zeros: the same over all that were there, downloaded or not, as marts.share_by_country counts
  cr1: share of the first, 0..1
  cr4: share of the first four
  cr10: share of the first ten
  cr100: share of the first hundred
  effective_number: how many equal ones would be as concentrated, 1 / sum of squared shares
  n: how many had downloads
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  estimated_share: part of the downloads in scope that is estimated from the 30-day counter
  as_of: last snapshot used
checks:
  - between: {column: hhi, min: 0, max: 10000.000001}
  - between: {column: gini, min: -0.000001, max: 1}
  - between: {column: cr100, min: 0, max: 1.000001}
  - between: {column: unknown_share, min: 0, max: 1}
  - between: {column: estimated_share, min: 0, max: 1.000001}
warnings:
  - What a model brought between our last look and its withdrawal is in no counter. Where much is withdrawn at once, that week is up to 1.5 % off in a rehearsal.
  - Over countries only the reviewed part is spread; over labs each unreviewed namespace is a lab of its own.
*/
with totals as (
    select
        week,
        scope,
        credit,
        max(unknown_share) as unknown_share,
        cast(sum(cast(downloads_flow * coalesce(estimated_share, 0) as decimal(38, 6))) as double) as estimated_flow,
        cast(sum(cast(downloads_flow as decimal(38, 6))) as double) as downloads_flow
    from marts.share_by_country
    where time_window = 'week'
    group by week, scope, credit
)

select
    spread.week,
    spread.scope,
    spread.credit,
    spread.level,
    spread.hhi,
    spread.gini,
    spread.gini_with_zeros,
    spread.cr1,
    spread.cr4,
    spread.cr10,
    spread.cr100,
    spread.effective_number,
    spread.n,
    totals.unknown_share,
    totals.estimated_flow / nullif(totals.downloads_flow, 0) as estimated_share,
    spread.as_of
from staging.concentration_weeks as spread
left join totals on spread.week = totals.week and spread.scope = totals.scope and spread.credit = totals.credit
