/*
meaning: What each repository was like at the end of each week, and what was done in it, as the first snapshot after the week said.
grain: [repo_id, week]
columns:
  repo_id: GitHub's number for the repository
  week: Monday of the ISO week, UTC; the snapshot lies in the one after it
  stargazers_count: stars that GitHub counted
  commits: commits to the default branch in the week; null for a fork, whose commits are mostly others', and where it was not said
  releases: releases published since the snapshot before; null without a snapshot in the week itself, zero where some were deleted
  observed_on: UTC day of the snapshot
checks:
  - between: {column: commits, min: 0}
  - between: {column: releases, min: 0}
*/
with sights as (
    select
        repo_id,
        cast(date_trunc('week', observed_on) as date) - 7 as week,
        is_fork,
        stargazers_count,
        commits_last_week,
        releases_total,
        observed_on
    from raw.repositories
    where state = 'there'
    qualify row_number() over (partition by repo_id, date_trunc('week', observed_on) order by observed_on asc, source asc) = 1
)

select
    sights.repo_id,
    sights.week,
    sights.stargazers_count,
    case when not sights.is_fork then sights.commits_last_week end as commits,
    case
        when sights.releases_total < former.releases_total then 0
        else sights.releases_total - former.releases_total
    end as releases,
    sights.observed_on
from sights
left join sights as former on sights.repo_id = former.repo_id and sights.week = former.week + 7
