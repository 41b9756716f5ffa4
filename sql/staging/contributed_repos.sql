/*
meaning: The repositories whose contributors are asked for, and whose they were at the end of each quarter that was read.
grain: [repo_id, quarter]
columns:
  repo_id: GitHub's number of the repository
  quarter: first day of the quarter, UTC
  repo_name: owner/name as GitHub said last
  lab: slug of the lab that owned it on the quarter's last day; null where no lab of the registry did
  country: country of that lab, or INTERNATIONAL; null without a lab
  was_read: whether its contributors of the quarter could be read
*/
with repos as (
    select
        repo_id,
        repo_name
    from raw.repositories
    where state = 'there'
    qualify row_number() over (partition by repo_id order by observed_at desc, source asc) = 1
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
    readings.repo_id is not null as was_read
from repos
cross join quarters
left join staging.repository_homes as homes
    on
        repos.repo_id = homes.repo_id
        and homes.is_reviewed
        and homes.from_on <= quarters.last_day
        and quarters.last_day < homes.until_on
left join staging.contributor_readings as readings on repos.repo_id = readings.repo_id and quarters.quarter = readings.quarter
