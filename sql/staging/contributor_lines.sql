/*
meaning: Who committed to a repository in a quarter, in each unit that the repository belongs to.
grain: [quarter, unit, repo_id, line]
columns:
  quarter: first day of the quarter, UTC
  level: all, lab or repo
  unit: all, lab SLUG or repo NUMBER
  parent: the unit that this one is a part of, empty for all
  repo_id: GitHub's number of the repository
  line: line of the reading
  kind: person, anonymous or bot
  person: pseudonym; null for the others
  people: one person, or how many of the others have commits in the same months
  months: first days of the months with commits
*/
with lines as (
    select
        lines.quarter,
        lines.repo_id,
        lines.line,
        lines.kind,
        lines.person,
        lines.people,
        lines.months,
        repos.lab
    from raw.contributors as lines
    inner join staging.contributor_readings as readings
        on lines.repo_id = readings.repo_id and lines.quarter = readings.quarter and lines.observed_at = readings.observed_at and lines.key_id = readings.key_id
    inner join staging.contributed_repos as repos on lines.repo_id = repos.repo_id and lines.quarter = repos.quarter
    where lines.kind <> 'nobody'
),

levels as (
    select levels.level from (values ('all'), ('lab'), ('repo')) as levels (level)
)

select
    lines.quarter,
    levels.level,
    case levels.level
        when 'all' then 'all'
        when 'lab' then 'lab ' || lines.lab
        else 'repo ' || lines.repo_id
    end as unit,
    case levels.level
        when 'all' then ''
        when 'lab' then 'all'
        else coalesce('lab ' || lines.lab, 'all')
    end as parent,
    lines.repo_id,
    lines.line,
    lines.kind,
    lines.person,
    lines.people,
    lines.months
from lines
cross join levels
where levels.level <> 'lab' or lines.lab is not null
