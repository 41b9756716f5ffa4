/*
meaning: >-
  Stars of each repository by the day on which they were given, as GitHub counts them today and as it first counted them.
  GitHub counts only stars that are still there: one that is taken back lowers the day on which it was given.
grain: [repo_id, day]
columns:
  repo_id: GitHub's number for the repository
  day: day on which the stars were given; GitHub does not promise that its days are those of UTC
  retained: stars of the day that were still there when last seen
  first_observed: stars of the day that were there when it was first seen after its end
  withdrawn: first_observed - retained; taken back since first seen, and below zero where stars came back
  first_observed_on: UTC day of the first snapshot made after the day's end
  observed_on: UTC day of the last snapshot with it
checks:
  - between: {column: retained, min: 0}
  - holds: {rule: retained + withdrawn = first_observed, says: what is left and what was taken back make what there was}
  - holds: {rule: day < first_observed_on, says: no day is counted before it is over}
warnings:
  - It is no history of the number of stars. That number as GitHub told it is stargazers_count, and the two are never one series.
  - A day that was first seen years later had lost stars before anybody looked. withdrawn knows only what was lost since.
*/
with sights as (
    select
        repo_id,
        week_start,
        days,
        observed_at,
        -- Where GitHub's days begin after those of UTC, one of them is over as much later. What was sealed first tells no hour.
        greatest(begins_at, cast(week_start as timestamp)) as begins_at
    from raw.star_weeks
),

whole as (
    select
        repo_id,
        week_start,
        min(observed_at) as first_at,
        max(observed_at) as last_at
    from sights
    where observed_at >= begins_at + interval 7 day
    group by repo_id, week_start
),

-- Of the weeks that were over, only the first and the last sight matter, and of one that is running, the days that were over.
readings as (
    select
        seen.repo_id,
        seen.week_start,
        seen.begins_at,
        seen.days,
        seen.observed_at
    from sights as seen
    inner join whole
        on
            seen.repo_id = whole.repo_id
            and seen.week_start = whole.week_start
            and (seen.observed_at = whole.first_at or seen.observed_at = whole.last_at)
    union all
    select
        repo_id,
        week_start,
        begins_at,
        days,
        observed_at
    from sights
    where observed_at < begins_at + interval 7 day
),

days as (
    select
        repo_id,
        week_start + cast(unnest(range(7)) as integer) as day,
        begins_at + to_days(cast(unnest(range(7)) + 1 as integer)) as over_at,
        unnest(days) as stars,
        observed_at
    from readings
)

select
    repo_id,
    day,
    arg_max(stars, observed_at) as retained,
    arg_min(stars, observed_at) as first_observed,
    arg_min(stars, observed_at) - arg_max(stars, observed_at) as withdrawn,
    cast(min(observed_at) as date) as first_observed_on,
    cast(max(observed_at) as date) as observed_on
from days
where observed_at >= over_at
group by repo_id, day
