/*
meaning: Whether Chinese labs have become the leaders of open models - in every scope and credit, over 28 days.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: part of the scopes and credits in which China is ahead of the US
  interval_low: part in which it is ahead whatever the unknown is
  interval_high: part in which it may be ahead, if the unknown is Chinese
  reason: the finding in a sentence
*/
with
-- Weeks that end 28 days of which none is estimated.
months as (
    select week
    from core.weeks
    where is_measured
    qualify count(*) over (order by week range between interval 21 days preceding and current row) = 4
),

newest as (
    select max(shares.week) as week
    from marts.share_by_country as shares
    semi join months on shares.week = months.week
    where shares.time_window = '28d' and shares.scope = 'S1'
),

cells as (
    select
        scope,
        credit,
        coalesce(max(share_of_total) filter (where country = 'CN'), 0) as china,
        coalesce(max(share_of_total) filter (where country = 'US'), 0) as america,
        coalesce(max(unknown_share), 0) as unknown
    from marts.share_by_country
    where time_window = '28d' and scope in ('S1', 'S2', 'S3', 'S4') and week = (select newest.week from newest)
    group by scope, credit
),

counted as (
    select
        cast(count(*) as double) as n,
        count(*) filter (where china > america) as ahead,
        count(*) filter (where china > america + unknown) as surely,
        count(*) filter (where china + unknown > america) as perhaps,
        max(china) filter (where scope = 'S1' and credit = 'publisher') as china,
        max(america) filter (where scope = 'S1' and credit = 'publisher') as america,
        max(unknown) filter (where scope = 'S1' and credit = 'publisher') as unknown
    from cells
)

select
    case
        when n = 0 then 'not measurable yet'
        when surely = n then 'supported'
        when perhaps = 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    ahead / nullif(n, 0) as number,
    surely / nullif(n, 0) as interval_low,
    perhaps / nullif(n, 0) as interval_high,
    case
        when n = 0 then 'Four measured weeks in a row are needed.'
        else printf(
            'Over four weeks China is ahead of the US in %d of %d scopes and credits, in %d whatever the unknown is. '
            || 'All models, publisher, share of all: China %.1f %%, US %.1f %%, unknown %.1f %%.',
            ahead, cast(n as bigint), surely, 100 * china, 100 * america, 100 * unknown
        )
    end as reason
from counted
