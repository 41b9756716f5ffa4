/*
meaning: The repositories that gained most stars lately, for people to read. The newest whole week, the largest gain first.
kind: view
grain: [place]
columns:
  place: 1 is the most stars gained in four weeks; equal ones by name
  repo_name: owner/name when last seen
  lab: slug of the lab that owns it; gh and the login where nobody reviewed the organisation, gh:(persons) for persons
  country: country of that lab; UNKNOWN where nobody reviewed the owner
  why: what the registry says it is for; null where it does not name it
  week_gain: stars of the week that were still there when last seen
  four_week_gain: the same of the four weeks up to it
  year_gain: the same of the 52 weeks up to it; null while they are not all known
  had_burst: whether a day of the four weeks was a burst
  stargazers_count: stars that GitHub counted when last asked, which is no sum of the gains
  state: there, gone, or blocked by GitHub
  week: Monday of the week
  as_of: last snapshot used
warnings:
  - For reading. Every repository and week is in marts.star_gain.
*/
with newest as (
    select max(week) as week
    from marts.star_gain
),

gains as (
    select
        gains.repo_id,
        sum(gains.retained_gain) filter (where gains.week = newest.week) as week_gain,
        sum(gains.retained_gain) filter (where gains.week > newest.week - 28) as four_week_gain,
        case when count(*) = 52 then sum(gains.retained_gain) end as year_gain,
        bool_or(gains.is_burst and gains.week > newest.week - 28) as had_burst,
        any_value(newest.week) as week,
        max(gains.as_of) as as_of
    from marts.star_gain as gains
    inner join newest on gains.week > newest.week - 364
    group by gains.repo_id
)

select
    row_number() over (order by gains.four_week_gain desc, repositories.repo_name asc, gains.repo_id asc) as place,
    repositories.repo_name,
    repositories.lab,
    repositories.country,
    repositories.why,
    cast(gains.week_gain as bigint) as week_gain,
    cast(gains.four_week_gain as bigint) as four_week_gain,
    cast(gains.year_gain as bigint) as year_gain,
    gains.had_burst,
    repositories.stargazers_count,
    repositories.state,
    gains.week,
    gains.as_of
from gains
inner join core.repositories as repositories on gains.repo_id = repositories.repo_id
where gains.week_gain is not null
order by place
