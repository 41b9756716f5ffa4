/*
meaning: New likes and downloads of each week by the lab that published.
per: week
grain: [week, scope, lab]
columns:
  week: Monday of the ISO week, UTC; only weeks that were measured
  scope: S1 or S2; -quick behind it where only a quick capture saw the week
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab in that week; UNKNOWN where it was not reviewed
  new_likes: likes gained in the week, less those taken back
  fallen_likes: those taken back, zero or negative
  downloads_flow: downloads in the week
  as_of: last snapshot used
*/
with liked as (
    select
        likes.new_likes,
        likes.fallen_likes,
        traits.is_language,
        publishers.lab,
        publishers.country
    from now.new_likes as likes
    cross join now.week as running
    inner join staging.traits as traits on likes.model_key = traits.model_key
    inner join staging.tenures as tenures
        on likes.model_key = tenures.model_key and tenures.from_on <= running.week and running.week < tenures.until_on
    inner join staging.publishers as publishers
        on
            tenures.namespace = publishers.namespace
            and publishers.valid_from <= running.week
            and running.week < publishers.valid_to
),

by_lab as (
    select
        scopes.scope,
        coalesce(listed.lab, 'hf:(others)') as lab,
        min(liked.country) as country,
        sum(liked.new_likes) as new_likes,
        sum(liked.fallen_likes) as fallen_likes
    from liked
    inner join (values ('S1'), ('S2')) as scopes (scope) on scopes.scope = 'S1' or liked.is_language
    left join staging.listed_labs as listed on liked.lab = listed.lab
    group by scopes.scope, coalesce(listed.lab, 'hf:(others)')
),

downloaded as (
    select
        split_part(scope, '-', 1) as scope,
        lab,
        country,
        downloads_flow
    from now.lab_weeks
    where credit = 'publisher' and split_part(scope, '-', 1) in ('S1', 'S2')
)

select
    running.week,
    coalesce(downloaded.scope, by_lab.scope) || case when running.is_quick then '-quick' else '' end as scope,
    coalesce(downloaded.lab, by_lab.lab) as lab,
    coalesce(downloaded.country, by_lab.country) as country,
    coalesce(by_lab.new_likes, 0) as new_likes,
    coalesce(by_lab.fallen_likes, 0) as fallen_likes,
    coalesce(downloaded.downloads_flow, 0) as downloads_flow,
    (select max(flow.as_of) from now.flow as flow) as as_of
from downloaded
full join by_lab on downloaded.scope = by_lab.scope and downloaded.lab = by_lab.lab
cross join now.week as running
where running.source is not null
