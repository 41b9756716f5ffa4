/*
meaning: Whether who is liked is also who is downloaded, by country and lab.
grain: [week, scope, level, side]
columns:
  week: Monday of the ISO week, UTC; only weeks that were measured
  scope: S1 all models; S2 text generation and image-text-to-text; -quick behind it, the same of what a quick capture asked for
  credit: publisher
  time_window: week, the only length here
  level: country or lab
  side: code of the country, or slug of the lab
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together; null on rows of countries
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN; on rows of labs the lab's country in that week
  new_likes: likes gained in the week less those taken back, so that it may be negative
  fallen_likes: those taken back, zero or negative
  downloads_flow: downloads in the week
  likes_share: new_likes / all new likes in scope; null where these are not above zero
  downloads_share: downloads_flow / all downloads in scope, 0..1
  attention_gap: likes_share - downloads_share; above zero for who is talked about more than used
  likes_per_100k: new likes for each 100,000 downloads; null without downloads
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [country, lab]}
  - sums_to_one: {column: likes_share, by: [week, scope, level]}
  - sums_to_one: {column: downloads_share, by: [week, scope, level]}
  - between: {column: downloads_share, min: 0, max: 1.000000001}
  - between: {column: fallen_likes, max: 0}
  - not_null: [country]
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: new_likes >= fallen_likes, says: likes that came and likes that went make the difference}
warnings:
  - A like is one person's mark, kept for ever unless taken back; a download is a request for a file by anybody or anything.
  - A model seen for the first time long after its creation brings no new likes, only those that follow.
  - Likes of a week are spread evenly over the days between two snapshots.
*/
with sides as (
    select
        week,
        scope,
        'lab' as level,
        lab as side,
        lab,
        country,
        new_likes,
        fallen_likes,
        downloads_flow,
        as_of
    from staging.attention_weeks
    union all
    select
        week,
        scope,
        'country' as level,
        country as side,
        null as lab,
        country,
        sum(new_likes) as new_likes,
        sum(fallen_likes) as fallen_likes,
        sum(downloads_flow) as downloads_flow,
        max(as_of) as as_of
    from staging.attention_weeks
    group by week, scope, country
),

totals as (
    select
        week,
        scope,
        sum(new_likes) as likes,
        sum(downloads_flow) as downloads,
        coalesce(sum(downloads_flow) filter (where country = 'UNKNOWN'), 0) as unknown
    from staging.attention_weeks
    group by week, scope
),

shared as (
    select
        sides.*,
        case when totals.likes > 0 then cast(sides.new_likes as double) / cast(totals.likes as double) end as likes_share,
        cast(sides.downloads_flow as double) / cast(nullif(totals.downloads, 0) as double) as downloads_share,
        cast(totals.unknown as double) / cast(nullif(totals.downloads, 0) as double) as unknown_share
    from sides
    inner join totals on sides.week = totals.week and sides.scope = totals.scope
)

select
    week,
    scope,
    'publisher' as credit,
    'week' as time_window,
    level,
    side,
    lab,
    country,
    cast(new_likes as double) as new_likes,
    cast(fallen_likes as double) as fallen_likes,
    cast(downloads_flow as double) as downloads_flow,
    likes_share,
    downloads_share,
    likes_share - downloads_share as attention_gap,
    cast(new_likes as double) / cast(nullif(downloads_flow, 0) as double) * 100000 as likes_per_100k,
    unknown_share,
    as_of
from shared
