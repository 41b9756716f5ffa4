/*
meaning: Whether Chinese models gain popularity on the Hub; GitHub is not captured yet.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: change of China's share of all downloads, publisher credit, first to newest 28 days, -1..1
  interval_low: smallest change of the four scopes
  interval_high: largest change of the four scopes
  reason: the finding in a sentence
*/
with edges as (
    select
        scope,
        min(week) as first_week,
        max(week) as newest_week
    from marts.share_by_country
    where time_window = '28d' and credit = 'publisher' and scope in ('S1', 'S2', 'S3', 'S4') and not is_estimate
    group by scope
    having max(week) - min(week) >= 26 * 7
),

changes as (
    select
        edges.scope,
        coalesce(max(shares.share_of_total) filter (where shares.week = edges.newest_week), 0)
        - coalesce(max(shares.share_of_total) filter (where shares.week = edges.first_week), 0) as change
    from edges
    left join marts.share_by_country as shares
        on
            edges.scope = shares.scope
            and shares.week in (edges.first_week, edges.newest_week)
            and shares.time_window = '28d'
            and shares.credit = 'publisher'
            and shares.country = 'CN'
    group by edges.scope
),

counted as (
    select
        count(*) as scopes,
        count(*) filter (where change > 0) as grown,
        max(change) filter (where scope = 'S1') as change,
        min(change) as least,
        max(change) as most,
        string_agg(printf('%s %+.1f', scope, 100 * change), ', ' order by scope) as told
    from changes
)

select
    case
        when scopes = 0 then 'not measurable yet'
        when grown = scopes then 'supported'
        when grown = 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    change as number,
    least as interval_low,
    most as interval_high,
    case
        when scopes = 0 then 'A change needs 26 measured weeks.'
        else 'Change of the share of downloads in points, by scope: ' || told || '. Stars on GitHub are not captured yet.'
    end as reason
from counted
