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
with liked as (
    select
        scopes.scope,
        likes.model_key,
        row_number() over (partition by scopes.scope order by likes.new_likes desc, likes.model_key asc) as place
    from now.new_likes as likes
    inner join staging.traits as traits on likes.model_key = traits.model_key
    inner join (values ('S1'), ('S2')) as scopes (scope) on scopes.scope = 'S1' or traits.is_language
    where likes.new_likes > 0
),

downloaded as (
    select
        scopes.scope,
        flow.model_key,
        row_number() over (partition by scopes.scope order by flow.downloads_flow desc, flow.model_key asc) as place
    from now.flow as flow
    inner join staging.traits as traits on flow.model_key = traits.model_key
    inner join (values ('S1'), ('S2')) as scopes (scope) on scopes.scope = 'S1' or traits.is_language
    where flow.downloads_flow > 0
),

tops as (
    select
        coalesce(liked.scope, downloaded.scope) as scope,
        liked.place as liked_place,
        downloaded.place as downloaded_place
    from (select * from liked where place <= 100) as liked
    full join (select * from downloaded where place <= 100) as downloaded
        on liked.scope = downloaded.scope and liked.model_key = downloaded.model_key
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
