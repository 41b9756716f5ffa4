/*
meaning: What GitHub said of each repository on each day on which it was asked, as it said it.
grain: [repo_id, observed_on]
columns:
  repo_id: GitHub's number for the repository
  observed_on: UTC day of the snapshot
  stargazers_count: stars that GitHub counted
  forks_count: forks of it that GitHub counted
  watchers_count: accounts that watch it, which is not the stars
  commits_total: commits on the default branch; null where it was not said
  releases_total: releases
  issues_total: issues, open and closed
  pulls_total: pull requests, open and closed
checks:
  - between: {column: stargazers_count, min: 0}
warnings:
  - stargazers_count falls when stars are taken back. Its differences are no star gains of marts.star_gain, and the two are never one series.
*/
select
    repo_id,
    observed_on,
    stargazers_count,
    forks_count,
    watchers_count,
    commits_total,
    releases_total,
    issues_total,
    pulls_total
from raw.repositories
where state = 'there'
qualify row_number() over (partition by repo_id, observed_on order by observed_at desc, source asc) = 1
