/*
meaning: How much of the contributors' geography is known - people of each quarter by what their profile told, and repositories that could not be read.
grain: [quarter, unit]
columns:
  quarter: first day of the quarter, UTC
  level: all or lab
  unit: all or lab SLUG
  all_contributors: people with a commit in the quarter, bots left out
  located: people whose profile names a country
  unresolved: people whose profile says something of a place that names no country, or more than one that could be meant
  silent: people whose profile says nothing of a place, or is gone
  unread: people whose profile could not be read, to be read again
  anonymous: people without an account, once for each repository, and those who asked not to be known
  bots: machine accounts, once for each repository, left out of every other number
  located_share: located / all_contributors
  repos_read: repositories whose quarter was read
  repos_missing: repositories that were there and whose quarter could not be read yet
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [all, lab]}
  - holds: {rule: located + unresolved + silent + unread + anonymous = all_contributors, says: everybody is known or unknown for one reason}
  - between: {column: located_share, min: 0, max: 1}
warnings:
  - Units of fewer than ten people are left out, as in marts.contributor_geography.
*/
with visible as (
    select distinct
        quarter,
        level,
        unit,
        all_contributors
    from staging.contributor_cells
    where level <> 'repo' and not is_unit_hidden
),

people as (
    select distinct
        lines.quarter,
        lines.unit,
        lines.person,
        places.countries,
        places.has_location,
        places.profile_on
    from staging.contributor_lines as lines
    inner join staging.contributor_places as places on lines.quarter = places.quarter and lines.person = places.person
    where lines.kind = 'person' and lines.level <> 'repo'
),

told as (
    select
        quarter,
        unit,
        count(*) filter (where len(countries) > 0) as located,
        count(*) filter (where len(countries) = 0 and profile_on is not null and has_location) as unresolved,
        count(*) filter (where len(countries) = 0 and profile_on is not null and not has_location) as silent,
        count(*) filter (where profile_on is null) as unread
    from people
    group by quarter, unit
),

others as (
    select
        quarter,
        unit,
        cast(coalesce(sum(people) filter (where kind = 'anonymous'), 0) as bigint) as anonymous,
        cast(coalesce(sum(people) filter (where kind = 'bot'), 0) as bigint) as bots
    from staging.contributor_lines
    where kind <> 'person' and level <> 'repo'
    group by quarter, unit
),

repos as (
    select
        repos.quarter,
        units.unit,
        count(*) filter (where repos.was_read) as repos_read,
        count(*) filter (where not repos.was_read) as repos_missing
    from staging.contributed_repos as repos
    inner join visible as units
        on
            repos.quarter = units.quarter
            and (units.unit = 'all' or units.unit = 'lab ' || repos.lab)
    group by repos.quarter, units.unit
)

select
    visible.quarter,
    visible.level,
    visible.unit,
    visible.all_contributors,
    coalesce(told.located, 0) as located,
    coalesce(told.unresolved, 0) as unresolved,
    coalesce(told.silent, 0) as silent,
    coalesce(told.unread, 0) as unread,
    coalesce(others.anonymous, 0) as anonymous,
    coalesce(others.bots, 0) as bots,
    coalesce(told.located, 0) / visible.all_contributors as located_share,
    repos.repos_read,
    repos.repos_missing,
    (select max(readings.observed_on) from staging.contributor_readings as readings) as as_of
from visible
inner join repos on visible.quarter = repos.quarter and visible.unit = repos.unit
left join told on visible.quarter = told.quarter and visible.unit = told.unit
left join others on visible.quarter = others.quarter and visible.unit = others.unit
order by visible.quarter, visible.unit
