/*
meaning: Whose projects on GitHub win stars, commits and releases, by country and lab, among the repositories that we ask for.
grain: [week, scope, level, side]
columns:
  week: Monday of the ISO week, UTC; only weeks whose seven days were over when last seen
  scope: >-
    the whole that the shares are parts of: named, the AI repositories that the registry names one by one; asked, these and all others
    with 100 stars that belong to an organisation of a lab
  level: country or lab
  side: code of the country, or slug of the lab
  lab: slug of the lab; gh:(others) for all that no lab of the registry owns; null on rows of countries
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN; on rows of labs the lab's country in that week
  n_repositories: repositories that were there at the end of the week, or whose stars of it are known
  n_star_histories: those whose stars of the week are known
  retained_gain: stars given in the week that were still there when last seen; null where not one repository's are known
  withdrawn: stars given in the week that were taken back since it was first seen; null likewise
  retained_share: retained_gain / that of all in scope, 0..1; null when nobody gained any, or retained_gain is
  lower_bound: share if none of the unreviewed repositories belonged to the side
  upper_bound: share if all of them did; for UNKNOWN and gh:(others) their own share
  share_without_bursts: the same share when days with a burst are left out
  unknown_share: part of retained_gain in scope whose owner nobody reviewed
  covered_share: part of n_repositories in scope whose stars of the week are known; under 1 until the back-fill has read so far back
  commits: commits in the week to default branches, forks left out; null where not one repository's are known
  commits_share: commits / all commits in scope
  releases: releases published; null where not one repository's are known
  backfilled_share: part of retained_gain in scope of repositories that were not asked for yet in that week, so that of these only the survivors are in it; 1 long ago
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [country, lab]}
  - one_of: {column: scope, values: [named, asked]}
  - sums_to_one: {column: retained_share, by: [week, scope, level]}
  - sums_to_one: {column: share_without_bursts, by: [week, scope, level]}
  - between: {column: retained_share, min: 0, max: 1}
  - between: {column: commits, min: 0}
  - between: {column: backfilled_share, min: 0, max: 1}
  - not_null: [country, as_of]
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: lower_bound <= upper_bound, says: the lower bound is not above the upper}
  - holds: {rule: n_star_histories <= n_repositories, says: no more histories than repositories}
warnings:
  - The repositories are a selection of ours and no census, so a share is one of this list and of nothing else.
  - A star is one person's mark. It is neither a use nor a contribution.
  - Commits are counted as GitHub counts the default branch, merges and bots included.
*/
with sides as (
    select
        week,
        scope,
        'lab' as level,
        lab as side,
        lab,
        country,
        n_repositories,
        n_star_histories,
        retained_gain,
        withdrawn,
        burst_gain,
        commits,
        releases
    from staging.project_weeks
    union all
    select
        week,
        scope,
        'country' as level,
        country as side,
        null as lab,
        country,
        sum(n_repositories) as n_repositories,
        sum(n_star_histories) as n_star_histories,
        sum(retained_gain) as retained_gain,
        sum(withdrawn) as withdrawn,
        sum(burst_gain) as burst_gain,
        sum(commits) as commits,
        sum(releases) as releases
    from staging.project_weeks
    group by week, scope, country
),

totals as (
    select
        week,
        scope,
        sum(retained_gain) as retained_gain,
        sum(retained_gain - burst_gain) as calm_gain,
        coalesce(sum(retained_gain) filter (where country = 'UNKNOWN'), 0) as unknown_gain,
        sum(n_star_histories) / cast(sum(n_repositories) as double) as covered_share,
        sum(commits) as commits,
        sum(backfilled_gain) as backfilled_gain,
        max(as_of) as as_of
    from staging.project_weeks
    group by week, scope
),

shared as (
    select
        sides.*,
        sides.retained_gain / cast(nullif(totals.retained_gain, 0) as double) as retained_share,
        (sides.retained_gain - sides.burst_gain) / cast(nullif(totals.calm_gain, 0) as double) as share_without_bursts,
        totals.unknown_gain / cast(nullif(totals.retained_gain, 0) as double) as unknown_share,
        totals.covered_share,
        sides.commits / cast(nullif(totals.commits, 0) as double) as commits_share,
        totals.backfilled_gain / cast(nullif(totals.retained_gain, 0) as double) as backfilled_share,
        totals.as_of
    from sides
    inner join totals on sides.week = totals.week and sides.scope = totals.scope
)

select
    week,
    scope,
    level,
    side,
    lab,
    country,
    cast(n_repositories as bigint) as n_repositories,
    cast(n_star_histories as bigint) as n_star_histories,
    cast(retained_gain as bigint) as retained_gain,
    cast(withdrawn as bigint) as withdrawn,
    retained_share,
    retained_share as lower_bound,
    case
        when country = 'UNKNOWN' or retained_share is null then retained_share
        else least(retained_share + unknown_share, 1)
    end as upper_bound,
    share_without_bursts,
    unknown_share,
    covered_share,
    cast(commits as bigint) as commits,
    commits_share,
    cast(releases as bigint) as releases,
    backfilled_share,
    as_of
from shared
