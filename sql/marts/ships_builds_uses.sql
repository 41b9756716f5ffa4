/*
meaning: Each reviewed lab on the Hub and on GitHub side by side - models released, downloads, work in its own repositories, stars - in the same quarter.
grain: [quarter, lab]
columns:
  quarter: first day of the calendar quarter; a week across two quarters is shared between them by days
  lab: slug of the lab
  country: country of the lab in the last week of the quarter in which it had downloads, stars or commits
  weeks_of_downloads: weeks of the quarter whose downloads on the Hub were measured, a part of a week as its part
  weeks_of_stars: weeks of the quarter whose stars are known, likewise
  is_running: whether the quarter is not over in the newest snapshot of models
  releases: models of its own that it released in the quarter, quantised re-packs left out; null before the first snapshot of models
  downloads_flow: downloads of the models it published in the weeks measured; null in a quarter without any
  downloads_share: downloads_flow / all downloads on the Hub
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  n_repositories: repositories of the lab that are asked for
  commits: commits in its own repositories, forks left out; null where none are known
  retained_gain: stars that its own repositories gained and kept, as far as they are known; null where not one repository's are, and in a quarter without any week of stars
  star_share: retained_gain / that of all repositories asked for, of which the labs' are most
  covered_share: part of its repositories, week by week, whose stars are known; under 1 until the back-fill has read so far back; null without any
  as_of: last snapshot used
checks:
  - between: {column: downloads_share, min: 0, max: 1}
  - between: {column: star_share, min: 0, max: 1}
  - between: {column: covered_share, min: 0, max: 1}
  - between: {column: weeks_of_downloads, min: 0, max: 14}
  - between: {column: weeks_of_stars, min: 0, max: 14}
  - not_null: [country, as_of]
  - refers_to: {column: lab, table: registry.labs, key: lab}
warnings:
  - Stars and commits are those of repositories that we ask for, downloads those of the whole Hub. The shares have different wholes.
*/
with measured as (
    select flows.*
    from staging.lab_weeks as flows
    semi join staging.weeks as weeks on flows.week = weeks.week and weeks.source is not null
    where flows.scope = 'S1' and flows.credit = 'publisher'
),

days as (
    select
        week,
        week + cast(unnest(range(7)) as integer) as day
    from (
        select week from measured
        union
        select week from staging.project_weeks
    ) as weeks
),

parts as (
    select
        cast(date_trunc('quarter', day) as date) as quarter,
        week,
        count(*) as days
    from days
    group by date_trunc('quarter', day), week
),

downloaded as (
    select
        parts.quarter,
        flows.lab,
        max(flows.week) as last_week,
        arg_max(flows.country, flows.week) as country,
        sum(cast(flows.downloads_flow * parts.days / 7 as decimal(28, 9))) as downloads_flow,
        sum(cast(flows.estimated_flow * parts.days / 7 as decimal(28, 9))) as estimated_flow,
        max(flows.as_of) as as_of
    from measured as flows
    inner join parts on flows.week = parts.week
    group by parts.quarter, flows.lab
),

worked as (
    select
        parts.quarter,
        flows.lab,
        max(flows.week) as last_week,
        arg_max(flows.country, flows.week) as country,
        max(flows.n_repositories) as n_repositories,
        cast(sum(flows.n_star_histories) as double) / cast(sum(flows.n_repositories) as double) as covered_share,
        sum(cast(flows.retained_gain * parts.days / 7.0 as decimal(28, 9))) as retained_gain,
        sum(cast(flows.commits * parts.days / 7.0 as decimal(28, 9))) as commits,
        max(flows.as_of) as as_of
    from staging.project_weeks as flows
    inner join parts on flows.week = parts.week
    where flows.scope = 'asked'
    group by parts.quarter, flows.lab
),

released as (
    select
        cast(date_trunc('quarter', month) as date) as quarter,
        lab,
        count(*) as releases
    from staging.releases
    group by date_trunc('quarter', month), lab
),

seen as (
    select
        parts.quarter,
        sum(parts.days) filter (where parts.week in (select measured.week from measured)) / 7.0 as weeks_of_downloads,
        sum(parts.days) filter (where parts.week in (select flows.week from staging.project_weeks as flows)) / 7.0 as weeks_of_stars
    from parts
    group by parts.quarter
),

downloads as (
    select
        quarter,
        sum(downloads_flow) as total
    from downloaded
    group by quarter
),

stars as (
    select
        quarter,
        sum(retained_gain) as total
    from worked
    group by quarter
),

sides as (
    select quarter, lab, arg_max(country, (last_week, country)) as country
    from (
        select quarter, lab, country, last_week from downloaded
        union all
        select quarter, lab, country, last_week from worked
    ) as either
    where lab in (select labs.lab from registry.labs as labs)
    group by quarter, lab
),

newest as (
    select
        min(observed_on) as first_on,
        max(observed_on) as newest_on
    from staging.chain
)

select
    sides.quarter,
    sides.lab,
    sides.country,
    coalesce(seen.weeks_of_downloads, 0) as weeks_of_downloads,
    coalesce(seen.weeks_of_stars, 0) as weeks_of_stars,
    coalesce(newest.newest_on < sides.quarter + interval 3 month, false) as is_running,
    case when newest.first_on < sides.quarter + interval 3 month then coalesce(released.releases, 0) end as releases,
    cast(case when downloads.quarter is not null then coalesce(downloaded.downloads_flow, 0) end as double) as downloads_flow,
    cast(coalesce(downloaded.downloads_flow, 0) as double) / cast(nullif(downloads.total, 0) as double) as downloads_share,
    cast(downloaded.estimated_flow as double) / cast(nullif(downloaded.downloads_flow, 0) as double) as estimated_share,
    coalesce(worked.n_repositories, 0) as n_repositories,
    cast(worked.commits as double) as commits,
    cast(case when worked.lab is null and stars.quarter is not null then 0 else worked.retained_gain end as double) as retained_gain,
    cast(case when worked.lab is null then 0 else worked.retained_gain end as double) / cast(nullif(stars.total, 0) as double) as star_share,
    worked.covered_share,
    greatest(downloaded.as_of, worked.as_of) as as_of
from sides
inner join seen on sides.quarter = seen.quarter
cross join newest
left join downloaded on sides.quarter = downloaded.quarter and sides.lab = downloaded.lab
left join worked on sides.quarter = worked.quarter and sides.lab = worked.lab
left join released on sides.quarter = released.quarter and sides.lab = released.lab
left join downloads on sides.quarter = downloads.quarter
left join stars on sides.quarter = stars.quarter
