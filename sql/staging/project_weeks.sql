/*
meaning: Stars, commits and releases of each week by lab, of the repositories that are asked for.
grain: [week, scope, lab]
columns:
  week: Monday of the ISO week, UTC
  scope: named, the repositories that the registry names; asked, these and all others of the organisations that it names
  lab: slug of the lab; gh:(others) for all that no lab of the registry owns
  country: country of the lab in that week; UNKNOWN where nobody reviewed the owner
  n_repositories: repositories that were there at the end of the week, or whose stars of it are known
  n_star_histories: those whose stars of the week are known
  retained_gain: stars of the week that were still there when last seen; null where not one repository's are known
  withdrawn: stars of the week taken back since first seen; null likewise
  burst_gain: retained stars of days with a burst; null likewise
  commits: commits in the week to default branches, forks left out; null where no repository's are known
  releases: releases published; null where no repository's are known
  backfilled_gain: part of retained_gain of repositories that were not asked for yet
  as_of: last snapshot used
*/
with stars as (
    select
        repo_id,
        week,
        retained_gain,
        withdrawn,
        burst_gain,
        is_backfilled,
        as_of
    from marts.star_gain
),

-- Whoever was there counts, also in weeks that nobody captured and in those that no back-fill has reached yet. A week whose stars
-- nobody has seen to the end is not measured yet, whatever is known of its commits.
there as (
    select
        repositories.repo_id,
        weeks.week,
        repositories.last_seen_on
    from core.repositories as repositories
    inner join (select distinct week from stars) as weeks
        on repositories.created_at < weeks.week + 7 and weeks.week + 7 <= repositories.last_seen_on
),

active as (
    select
        coalesce(stars.repo_id, there.repo_id) as repo_id,
        coalesce(stars.week, there.week) as week,
        stars.repo_id is not null as has_stars,
        stars.retained_gain,
        stars.withdrawn,
        stars.burst_gain,
        sights.commits,
        sights.releases,
        case when stars.is_backfilled then stars.retained_gain else 0 end as backfilled_gain,
        coalesce(greatest(stars.as_of, sights.observed_on), there.last_seen_on) as as_of
    from stars
    full join there on stars.repo_id = there.repo_id and stars.week = there.week
    left join staging.repository_weeks as sights on there.repo_id = sights.repo_id and there.week = sights.week
)

select
    active.week,
    scopes.scope,
    case when homes.is_reviewed then homes.lab else 'gh:(others)' end as lab,
    min(homes.country) as country,
    count(*) as n_repositories,
    count(*) filter (where active.has_stars) as n_star_histories,
    cast(sum(active.retained_gain) as bigint) as retained_gain,
    cast(sum(active.withdrawn) as bigint) as withdrawn,
    cast(sum(active.burst_gain) as bigint) as burst_gain,
    cast(sum(active.commits) as bigint) as commits,
    cast(sum(active.releases) as bigint) as releases,
    cast(sum(active.backfilled_gain) as bigint) as backfilled_gain,
    max(active.as_of) as as_of
from active
inner join core.repositories as repositories on active.repo_id = repositories.repo_id
inner join staging.repository_homes as homes
    on active.repo_id = homes.repo_id and homes.from_on <= active.week and active.week < homes.until_on
inner join (values ('named'), ('asked')) as scopes (scope) on scopes.scope = 'asked' or repositories.is_named
group by active.week, scopes.scope, case when homes.is_reviewed then homes.lab else 'gh:(others)' end
