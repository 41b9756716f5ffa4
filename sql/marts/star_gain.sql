/*
meaning: How many stars each repository gained in each week, what was taken back of them, and whether a burst was among them.
grain: [repo_id, week]
columns:
  repo_id: GitHub's number for the repository
  repo_name: owner/name when last seen, so that a renamed one is one series
  week: Monday of the ISO week, UTC; only weeks whose seven days were over when they were last seen
  lab: slug of the lab that owned it in that week; gh and the login for an organisation that nobody reviewed, gh:(persons) for all persons together
  country: country of that lab; UNKNOWN where nobody reviewed the owner
  is_named: whether the registry names the repository; others were found through the organisation that owns them
  retained_gain: stars given in the week that were still there when last seen
  gross_gain: stars given in the week that were there when it was first seen; null where that was more than 14 days after the week, because some were gone by then
  withdrawn: stars given in the week that were taken back since it was first seen; below zero where stars came back
  stargazers_count: stars that GitHub counted at the first snapshot after the week, up to seven days later; null without one
  is_burst: whether a day of the week was a burst, more than the median and six median deviations of the 90 days before and at least 200
  burst_gain: retained stars of those days
  is_backfilled: whether the week was over before the repository was first asked for
  as_of: last snapshot used
checks:
  - between: {column: retained_gain, min: 0}
  - not_null: [repo_name, lab, country, withdrawn]
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: gross_gain is null or gross_gain = retained_gain + withdrawn, says: what is left and what was taken back make the gross gain}
  - holds: {rule: burst_gain between 0 and retained_gain, says: no burst holds more stars than its week}
warnings:
  - The gains do not add up to stargazers_count as it was told. Stars taken back since lower the past, so the two are never one series.
  - Repositories are those we ask for. Weeks that were back-filled know only those that still existed when we began.
  - A running week has no row, so nothing looks like a fall at the end.
*/
with days as (
    select
        days.repo_id,
        cast(date_trunc('week', days.day) as date) as week,
        days.day,
        days.retained,
        days.first_observed,
        days.withdrawn,
        days.first_observed_on,
        days.observed_on,
        bursts.day is not null as is_burst
    from core.star_days as days
    left join staging.star_bursts as bursts on days.repo_id = bursts.repo_id and days.day = bursts.day
),

weeks as (
    select
        repo_id,
        week,
        sum(retained) as retained_gain,
        sum(first_observed) as first_observed,
        sum(withdrawn) as withdrawn,
        coalesce(sum(retained) filter (where is_burst), 0) as burst_gain,
        bool_or(is_burst) as is_burst,
        max(first_observed_on) as first_observed_on,
        max(observed_on) as as_of,
        count(*) as days,
        min(day) as first_day,
        max(day) as last_day
    from days
    group by repo_id, week
)

select
    weeks.repo_id,
    repositories.repo_name,
    weeks.week,
    homes.lab,
    homes.country,
    repositories.is_named,
    cast(weeks.retained_gain as bigint) as retained_gain,
    cast(case when weeks.first_observed_on <= weeks.week + 21 then weeks.first_observed end as bigint) as gross_gain,
    cast(weeks.withdrawn as bigint) as withdrawn,
    sights.stargazers_count,
    weeks.is_burst,
    cast(weeks.burst_gain as bigint) as burst_gain,
    weeks.week + 7 <= repositories.first_seen_on as is_backfilled,
    weeks.as_of
from weeks
inner join core.repositories as repositories on weeks.repo_id = repositories.repo_id
inner join staging.repository_homes as homes
    on weeks.repo_id = homes.repo_id and homes.from_on <= weeks.week and weeks.week < homes.until_on
left join staging.repository_weeks as sights on weeks.repo_id = sights.repo_id and weeks.week = sights.week
where
    weeks.days = 7
    -- Its history begins within the week in which it was created.
    or (
        weeks.last_day = weeks.week + 6
        and weeks.days = weeks.last_day - weeks.first_day + 1
        and weeks.first_day <= cast(repositories.created_at as date)
        -- GitHub's own week, which begins earlier, and perhaps its day.
        and (cast(repositories.created_at as date) <= weeks.last_day or weeks.first_observed > 0)
    )
