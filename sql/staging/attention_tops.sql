/*
meaning: How many models of each week are both among the most liked and among the most downloaded.
per: week
grain: [week, scope, top]
columns:
  week: Monday of the ISO week, UTC; only weeks that were measured
  scope: S1 or S2; -quick behind it where only a quick capture saw the week
  top: how many models of each list are compared
  n_liked: models in the list of the most liked; fewer where fewer had new likes
  n_downloaded: models in the list of the most downloaded
  n_both: models in both
  as_of: last snapshot used
*/
with chosen as (
    (
        select
            'S1' as scope,
            'liked' as list,
            likes.model_key,
            likes.new_likes as amount
        from now.new_likes as likes
        where likes.new_likes > 0
        order by likes.new_likes desc, likes.model_key asc
        limit 100
    )
    union all
    (
        select
            'S2' as scope,
            'liked' as list,
            likes.model_key,
            likes.new_likes as amount
        from now.new_likes as likes
        inner join staging.traits as traits on likes.model_key = traits.model_key
        where likes.new_likes > 0 and traits.is_language
        order by likes.new_likes desc, likes.model_key asc
        limit 100
    )
    union all
    (
        select
            'S1' as scope,
            'downloaded' as list,
            flow.model_key,
            flow.downloads_flow as amount
        from now.placed_flow as flow
        where flow.downloads_flow > 0
        order by flow.downloads_flow desc, flow.model_key asc
        limit 100
    )
    union all
    (
        select
            'S2' as scope,
            'downloaded' as list,
            flow.model_key,
            flow.downloads_flow as amount
        from now.placed_flow as flow
        where flow.downloads_flow > 0 and flow.is_language
        order by flow.downloads_flow desc, flow.model_key asc
        limit 100
    )
),

ranked as (
    select
        scope,
        list,
        model_key,
        row_number() over (partition by scope, list order by amount desc, model_key asc) as place
    from chosen
),

tops as (
    select
        scope,
        min(place) filter (where list = 'liked') as liked_place,
        min(place) filter (where list = 'downloaded') as downloaded_place
    from ranked
    group by scope, model_key
)

select
    running.week,
    tops.scope || case when running.is_quick then '-quick' else '' end as scope,
    sizes.top,
    count(*) filter (where tops.liked_place <= sizes.top) as n_liked,
    count(*) filter (where tops.downloaded_place <= sizes.top) as n_downloaded,
    count(*) filter (where tops.liked_place <= sizes.top and tops.downloaded_place <= sizes.top) as n_both,
    (select max(flow.as_of) from now.flow as flow) as as_of
from tops
cross join (values (25), (100)) as sizes (top)
cross join now.week as running
where running.source is not null
group by running.week, running.is_quick, tops.scope, sizes.top
