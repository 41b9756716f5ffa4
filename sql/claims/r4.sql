/*
meaning: Whether Chinese models gain popularity on GitHub and on the Hub - by downloads, likes and stars.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: change of China's share of all downloads, publisher credit, first to newest 28 days, -1..1
  interval_low: smallest change among downloads in four scopes, new likes and stars
  interval_high: largest change among them
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

edges as (
    select
        shares.scope,
        min(shares.week) as first_week,
        max(shares.week) as newest_week
    from marts.share_by_country as shares
    semi join months on shares.week = months.week
    where shares.time_window = '28d' and shares.credit = 'publisher' and shares.scope in ('S1', 'S2', 'S3', 'S4')
    group by shares.scope
    having max(shares.week) - min(shares.week) >= 26 * 7
),

downloads as (
    select
        edges.scope,
        shares.week = edges.newest_week as is_late,
        max(shares.share_of_total) filter (where shares.country = 'CN') as share,
        max(shares.unknown_share) as unknown_share
    from edges
    inner join marts.share_by_country as shares
        on
            edges.scope = shares.scope
            and shares.week in (edges.first_week, edges.newest_week)
            and shares.time_window = '28d'
            and shares.credit = 'publisher'
    group by edges.scope, shares.week = edges.newest_week
),

marks as (
    select
        'likes' as part,
        week,
        side,
        new_likes as gain
    from marts.attention
    where level = 'country' and scope = 'S1'
    union all
    -- Stars count from the week on in which somebody watched: before, only those who survived are known.
    select
        'stars' as part,
        week,
        side,
        retained_gain as gain
    from marts.project_leadership
    where
        level = 'country'
        and scope = 'named'
        and week >= (select min(snapshots.observed_on) from core.snapshots as snapshots where snapshots.table_name = 'repositories')
),

weeks as (
    select
        part,
        week,
        row_number() over (partition by part order by week) as place,
        row_number() over (partition by part order by week desc) as place_back,
        count(*) over (partition by part) as n_weeks
    from (select distinct part, week from marks) as either
),

marked as (
    select
        weeks.part,
        weeks.place_back <= 13 as is_late,
        sum(marks.gain) filter (where marks.side = 'CN') / cast(nullif(sum(marks.gain), 0) as double) as share,
        coalesce(sum(marks.gain) filter (where marks.side = 'UNKNOWN'), 0) / cast(nullif(sum(marks.gain), 0) as double) as unknown_share
    from weeks
    inner join marks on weeks.part = marks.part and weeks.week = marks.week
    where weeks.n_weeks >= 26 and (weeks.place <= 13 or weeks.place_back <= 13)
    group by weeks.part, weeks.place_back <= 13
),

shares as (
    select
        scope as part,
        is_late,
        coalesce(share, 0) as share,
        coalesce(share, 0) / nullif(1 - unknown_share, 0) as share_of_known
    from downloads
    union all
    select
        part,
        is_late,
        coalesce(share, 0) as share,
        coalesce(share, 0) / nullif(1 - unknown_share, 0) as share_of_known
    from marked
),

changes as (
    select
        part,
        max(share) filter (where is_late) - max(share) filter (where not is_late) as change,
        max(share_of_known) filter (where is_late) - max(share_of_known) filter (where not is_late) as change_of_known
    from shares
    group by part
),

counted as (
    select
        count(change) filter (where part = 'S1') as n_downloads,
        count(change) filter (where part = 'likes') as n_likes,
        count(change) filter (where part = 'stars') as n_stars,
        count(*) as parts,
        count(*) filter (where change > 0 and change_of_known > 0) as grown,
        count(*) filter (where change <= 0 and change_of_known <= 0) as fallen,
        max(change) filter (where part = 'S1') as change,
        min(change) as least,
        max(change) as most,
        string_agg(printf('%s %+.1f', part, 100 * change), ', ' order by part) as told
    from changes
)

select
    case
        when n_downloads = 0 or n_likes = 0 or n_stars = 0 then 'not measurable yet'
        when grown = parts then 'supported'
        when fallen = parts then 'contradicted'
        else 'mixed'
    end as verdict,
    change as number,
    least as interval_low,
    most as interval_high,
    case
        when n_downloads = 0 or n_likes = 0 then 'A change of downloads and likes needs 26 measured weeks.'
        when n_stars = 0 then 'A change of stars needs 26 weeks of GitHub. Change of China''s share in points so far: ' || told || '.'
        else 'Change of China''s share in points, downloads by scope, new likes and stars of the repositories named: ' || told || '.'
    end as reason
from counted
