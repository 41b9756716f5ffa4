/*
meaning: The repositories whose contributors are asked for, and whose they were at the end of each quarter that was read.
grain: [repo_id, quarter]
columns:
  repo_id: GitHub's number of the repository
  quarter: first day of the quarter, UTC
  repo_name: owner/name as GitHub said last
  lab: slug of the lab that owns it; null where no lab of the registry does
  country: country of that lab, or INTERNATIONAL; null without a lab
  was_read: whether its contributors of the quarter could be read
*/
with repos as (
    select
        repo_id,
        repo_name,
        asked_name,
        owner_login
    from raw.repositories
    where state = 'there'
    qualify row_number() over (partition by repo_id order by observed_at desc) = 1
),

quarters as (
    select
        quarter,
        cast(quarter + interval 3 month as date) - 1 as last_day
    from staging.contributor_readings
    group by quarter
),

owned as (
    select
        repos.repo_id,
        repos.repo_name,
        quarters.quarter,
        quarters.last_day,
        coalesce(named.lab, owners.lab) as lab
    from repos
    cross join quarters
    left join registry.repositories as named on lower(repos.asked_name) = lower(named.repo_name)
    left join registry.github_owners as owners
        on
            lower(repos.owner_login) = lower(owners.github_login)
            and owners.valid_from <= quarters.last_day and quarters.last_day < owners.valid_to
)

select
    owned.repo_id,
    owned.quarter,
    owned.repo_name,
    owned.lab,
    labs.country,
    readings.repo_id is not null as was_read
from owned
left join registry.labs as labs
    on owned.lab = labs.lab and labs.valid_from <= owned.last_day and owned.last_day < labs.valid_to
left join staging.contributor_readings as readings on owned.repo_id = readings.repo_id and owned.quarter = readings.quarter
