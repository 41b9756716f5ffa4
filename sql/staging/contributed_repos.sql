/*
meaning: The repositories whose contributors are asked for, in each quarter that was read until they were gone, and whose they were at its end.
grain: [repo_id, quarter]
columns:
  repo_id: GitHub's number of the repository
  quarter: first day of the quarter, UTC
  repo_name: owner/name as GitHub said last
  lab: slug of the lab that owned it on the quarter's last day; null where no lab of the registry did
  country: country of that lab, or INTERNATIONAL; null without a lab
  was_read: whether its contributors of the quarter could be read
  is_half_read: whether it is there, and was read only before the quarter's end
*/
with repos as (
    select
        repo_id,
        arg_max(repo_name, observed_at) filter (where state = 'there') as repo_name,
        case when arg_max(state, observed_at) <> 'there' then max(observed_on) filter (where state = 'there') end as last_seen_on
    from raw.repositories
    group by repo_id
    having bool_or(state = 'there')
),

quarters as (
    select
        quarter,
        cast(quarter + interval 3 month as date) - 1 as last_day
    from staging.contributor_readings
    group by quarter
)

select
    repos.repo_id,
    quarters.quarter,
    repos.repo_name,
    homes.lab,
    homes.country,
    readings.repo_id is not null as was_read,
    coalesce(repos.last_seen_on is null and cast(readings.observed_at as date) <= quarters.last_day, false) as is_half_read
from repos
cross join quarters
left join staging.repository_homes as homes
    on
        repos.repo_id = homes.repo_id
        and homes.is_reviewed
        and homes.from_on <= quarters.last_day
        and quarters.last_day < homes.until_on
left join staging.contributor_readings as readings on repos.repo_id = readings.repo_id and quarters.quarter = readings.quarter
where readings.repo_id is not null or repos.last_seen_on is null or repos.last_seen_on >= quarters.quarter
