/*
meaning: Whether openness brings standing - foreign derivatives of Chinese bases, likes and stars.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: change of the part of foreign derivatives that have a Chinese root, last four full quarters against the four before, -1..1
  interval_low: null, every derivative that is known is counted
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with quarters as (
    select
        quarter,
        row_number() over (order by quarter desc) as place
    from (select distinct quarter from marts.lineage_flows where not is_running) as full_ones
),

-- Of cells with few derivatives only their sum is known: they are in the whole, and of no known country.
shown as (
    select
        quarter,
        sum(n_default) filter (where base_country = 'CN') as chinese,
        sum(n_default) filter (where base_country <> 'UNKNOWN') as known
    from marts.lineage_flows
    where credit = 'root' and derivative_country not in ('CN', 'UNKNOWN')
    group by quarter
),

written as (
    select
        quarter,
        sum(n_default) as total
    from marts.lineage_dependence
    where credit = 'root' and country not in ('CN', 'UNKNOWN')
    group by quarter
),

derived as (
    select
        'derivatives' as part,
        quarters.place <= 4 as is_late,
        coalesce(sum(shown.chinese), 0) as chinese,
        sum(written.total) - coalesce(sum(shown.known), 0) as unknown,
        sum(written.total) as total
    from quarters
    inner join written on quarters.quarter = written.quarter
    left join shown on quarters.quarter = shown.quarter
    where quarters.place <= 8
    group by quarters.place <= 4
    having count(*) = 4
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

parts as (
    select
        part,
        is_late,
        chinese,
        unknown,
        total
    from derived
    union all
    select
        weeks.part,
        weeks.place_back <= 13 as is_late,
        coalesce(sum(marks.gain) filter (where marks.side = 'CN'), 0) as chinese,
        coalesce(sum(marks.gain) filter (where marks.side = 'UNKNOWN'), 0) as unknown,
        sum(marks.gain) as total
    from weeks
    inner join marks on weeks.part = marks.part and weeks.week = marks.week
    where weeks.n_weeks >= 26 and (weeks.place <= 13 or weeks.place_back <= 13)
    group by weeks.part, weeks.place_back <= 13
),

shares as (
    select
        part,
        is_late,
        chinese / cast(nullif(total, 0) as double) as share,
        chinese / cast(nullif(total - unknown, 0) as double) as share_of_known
    from parts
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
        max(change) filter (where part = 'derivatives') as derivatives,
        max(change) filter (where part = 'likes') as likes,
        max(change) filter (where part = 'stars') as stars,
        count(*) filter (where change > 0 and change_of_known > 0) as grown,
        count(*) filter (where change <= 0 and change_of_known <= 0) as fallen
    from changes
)

select
    case
        when derivatives is null or likes is null or stars is null then 'not measurable yet'
        when grown = 3 then 'supported'
        when fallen = 3 then 'contradicted'
        else 'mixed'
    end as verdict,
    derivatives as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when derivatives is null then 'Eight full quarters of foreign derivatives are not known.'
        when likes is null then 'Likes need 26 measured weeks.'
        when stars is null then 'Stars need 26 weeks of GitHub.'
        else printf(
            'China''s share as the root of new foreign derivatives, neither quantised nor of own bases: %+.1f points from one year to the next. '
            || 'Its share of new likes %+.1f and of stars %+.1f points from the first to the last 13 weeks.',
            100 * derivatives, 100 * likes, 100 * stars
        )
    end as reason
from counted
