/*
meaning: >-
  Where those who work on the captured repositories say to be - contributors of each quarter by the country of their
  self-declared profile location, for all repositories, a lab's, and single ones.
grain: [quarter, unit, country]
columns:
  quarter: first day of the quarter, UTC
  level: all, lab or repo
  unit: all, lab SLUG or repo NUMBER
  lab: slug of the lab, on rows of a lab and of its repositories; null otherwise
  repo: owner/name as GitHub said last, on rows of a repository
  lab_country: country of the lab at the end of the quarter, or INTERNATIONAL; null for all and for repositories of no listed lab
  country: >-
    country or region that profiles name, ISO 3166-1 alpha-2 (XK for Kosovo); OTHER, all countries of the unit that may not
    be shown by themselves, together; UNKNOWN, people without an account or whose profile names none
  contributors: people with a commit on the default branch in the quarter, each once per unit, who names k countries 1/k in each; null where suppressed
  contributor_months: the same, each counted once for every month of the quarter in which they committed
  share_of_located: contributors / located_contributors, 0..1; null for UNKNOWN
  share_of_all: contributors / all_contributors, 0..1
  month_share_of_located: contributor_months / those of all who name a country
  lower_bound: share if nobody of UNKNOWN is there; null for UNKNOWN
  upper_bound: share if all of UNKNOWN are there
  is_suppressed: whether something is hidden here - the whole unit (one row OTHER without numbers), or the countries in OTHER
  located_contributors: people of the unit whose profile names a country; null where the unit is suppressed
  all_contributors: all people of the unit; null where the unit is suppressed
  is_back_cast: whether the quarter was over before any profile was read, so that a person may have lived elsewhere then
  is_running: >-
    whether the quarter was not over at the last capture, or was over for less than four weeks and one of the repositories was
    not read again since
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [all, lab, repo]}
  - between: {column: all_contributors, min: 10}
  - between: {column: share_of_located, min: 0, max: 1.000000001}
  - between: {column: share_of_all, min: 0, max: 1.000000001}
  - holds: {rule: "contributors is null or contributors >= 5 or country = 'UNKNOWN'", says: nowhere fewer than five people of a country are shown}
  - holds: {rule: "(contributors is null) = (all_contributors is null)", says: a suppressed unit shows no number at all}
  - holds: {rule: is_suppressed or contributors is not null, says: what is not suppressed has a number}
  - holds: {rule: lower_bound <= share_of_located and share_of_located <= upper_bound + 0.000000001, says: the share among located lies between the bounds}
  - holds: {rule: lower_bound >= 0 and upper_bound <= 1.000000001, says: bounds are shares}
warnings:
  - A profile location is what a person typed, not nationality and not residence. Codes take no position on any dispute.
  - The unknown are many. Quote a share of located people with its bounds, or the share of all beside UNKNOWN.
  - People who use a VPN, name no place or work under several accounts are not corrected for. Bots are left out.
  - Who commits without an account is counted once for each repository, so all_contributors of larger units is a little too large.
  - Of China's developers an unknown part works elsewhere than on GitHub; a share here is one of these repositories.
  - Two shares of different units must not be subtracted. What that would tell is hidden as far as we know how.
*/
with folded as (
    select
        quarter,
        level,
        unit,
        case when is_unit_hidden or is_folded then 'OTHER' else country end as country,
        is_unit_hidden,
        bool_or(is_folded or is_unit_hidden) as is_suppressed,
        sum(contributors) as contributors,
        sum(contributor_months) as contributor_months,
        max(located_contributors) as located_contributors,
        max(all_contributors) as all_contributors,
        max(located_months) as located_months
    from staging.contributor_cells
    group by quarter, level, unit, case when is_unit_hidden or is_folded then 'OTHER' else country end, is_unit_hidden
),

named as (
    select
        quarter,
        'repo ' || repo_id as unit,
        repo_name,
        lab,
        country
    from staging.contributed_repos
),

homes as (
    select
        quarter,
        lab,
        max(country) as country
    from staging.contributed_repos
    where lab is not null
    group by quarter, lab
),

known as (
    select
        max(observed_on) as as_of,
        min(observed_on) as first_on
    from raw.contributors
),

half_read as (
    select distinct quarter
    from staging.contributed_repos
    where is_half_read
),

shown as (
    select
        folded.quarter,
        folded.level,
        folded.unit,
        folded.country,
        folded.is_suppressed,
        case when not folded.is_unit_hidden then folded.contributors end as contributors,
        case when not folded.is_unit_hidden then folded.contributor_months end as contributor_months,
        case when not folded.is_unit_hidden then folded.located_contributors end as located_contributors,
        case when not folded.is_unit_hidden then folded.all_contributors end as all_contributors,
        case when not folded.is_unit_hidden then folded.located_months end as located_months
    from folded
)

select
    shown.quarter,
    shown.level,
    shown.unit,
    case when shown.level = 'lab' then substr(shown.unit, 5) else named.lab end as lab,
    named.repo_name as repo,
    coalesce(named.country, homes.country) as lab_country,
    shown.country,
    cast(shown.contributors as double) as contributors,
    cast(shown.contributor_months as double) as contributor_months,
    case when shown.country <> 'UNKNOWN' then cast(shown.contributors as double) / nullif(shown.located_contributors, 0) end as share_of_located,
    cast(shown.contributors as double) / shown.all_contributors as share_of_all,
    case when shown.country <> 'UNKNOWN' then cast(shown.contributor_months as double) / nullif(shown.located_months, 0) end as month_share_of_located,
    case when shown.country <> 'UNKNOWN' then cast(shown.contributors as double) / shown.all_contributors end as lower_bound,
    case
        when shown.country = 'UNKNOWN' then cast(shown.contributors as double)
        else cast(shown.contributors as double) + (shown.all_contributors - shown.located_contributors)
    end / shown.all_contributors as upper_bound,
    shown.is_suppressed,
    shown.located_contributors,
    shown.all_contributors,
    shown.quarter + interval 3 month <= known.first_on as is_back_cast,
    -- A round that a budget ended in the first days of a quarter leaves the one before in parts.
    shown.quarter + interval 3 month > known.as_of
    or (half_read.quarter is not null and shown.quarter + interval 3 month + interval 28 day > known.as_of) as is_running,
    known.as_of
from shown
cross join known
left join named on shown.unit = named.unit and shown.quarter = named.quarter
left join homes on shown.unit = 'lab ' || homes.lab and shown.quarter = homes.quarter
left join half_read on shown.quarter = half_read.quarter
order by shown.quarter, shown.unit, shown.country
