/*
meaning: Every repository ever seen on GitHub, as it was when last seen there. They are those we ask for, and no census.
grain: [repo_id]
columns:
  repo_id: GitHub's number for the repository
  repo_name: owner/name when last seen there
  lab: slug of the lab that owns it now; gh and the login for an organisation that nobody reviewed, gh:(persons) for all persons together
  country: country of that lab; UNKNOWN where nobody reviewed the owner
  state: there, gone, or blocked by GitHub, when last asked for
  is_named: whether the registry names it; others were found through the organisation that owns them
  why: what the registry says it is for; null where it does not name it
  stargazers_count: stars that GitHub counted when it was last there
  forks_count: forks of it that GitHub counted
  watchers_count: accounts that watch it, which is not the stars
  commits_total: commits on the default branch
  releases_total: releases
  issues_total: issues, open and closed
  pulls_total: pull requests, open and closed
  created_at: creation, UTC
  pushed_at: last push, UTC
  latest_release_at: newest release, UTC; null without one
  is_archived: whether it is kept for reading only
  is_fork: whether it is a fork of another repository
  licence_id: SPDX id of the licence that GitHub found; null without one
  language: language of most of its code
  first_seen_on: day of the first snapshot with it
  last_seen_on: day of the last snapshot in which it was there
  observed_on: day on which it was last asked for
checks:
  - one_of: {column: state, values: [there, gone, blocked]}
  - refers_to: {column: country, table: registry.countries, key: country}
warnings:
  - A repository is here because somebody put it, or the organisation that owns it, into the registry.
*/
with there as (
    select *
    from raw.repositories
    where state = 'there'
    qualify row_number() over (partition by repo_id order by observed_on desc, observed_at desc, source asc) = 1
),

spans as (
    select
        repo_id,
        min(observed_on) filter (where state = 'there') as first_seen_on,
        arg_max(state, observed_on) as state,
        max(observed_on) as observed_on
    from raw.repositories
    group by repo_id
)

select
    there.repo_id,
    there.repo_name,
    homes.lab,
    homes.country,
    spans.state,
    asked.repo_id is not null as is_named,
    asked.why,
    there.stargazers_count,
    there.forks_count,
    there.watchers_count,
    there.commits_total,
    there.releases_total,
    there.issues_total,
    there.pulls_total,
    there.created_at,
    there.pushed_at,
    there.latest_release_at,
    there.is_archived,
    there.is_fork,
    there.licence_id,
    there.language,
    spans.first_seen_on,
    there.observed_on as last_seen_on,
    spans.observed_on
from there
inner join spans on there.repo_id = spans.repo_id
left join staging.repository_homes as homes
    on there.repo_id = homes.repo_id and homes.from_on <= there.observed_on and there.observed_on < homes.until_on
left join staging.asked_repositories as asked on there.repo_id = asked.repo_id
