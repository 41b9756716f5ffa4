/*
meaning: >-
  Which lab each organisation on GitHub is, and when. A login of the registry is the organisation that was first seen under it:
  it stays the lab's when it changes its login, and whoever takes the login after it is not.
grain: [owner_id, valid_from]
columns:
  owner_id: GitHub's number for the organisation
  lab: slug of the lab
  country: country of the lab in that time, or INTERNATIONAL
  valid_from: first day it holds for
  valid_to: first day it no longer holds for
*/
with logins as (
    select
        lower(owner_login) as login,
        arg_min(owner_id, observed_on) as owner_id
    from raw.repositories
    where owner_login is not null
    group by lower(owner_login)
),

-- Two logins of the registry may be one organisation, before and after it was renamed.
periods as (
    select
        logins.owner_id,
        owners.lab,
        owners.country,
        owners.valid_from,
        owners.valid_to
    from registry.github_owners as owners
    inner join logins on lower(owners.github_login) = logins.login
    qualify row_number() over (partition by logins.owner_id, owners.valid_from order by owners.github_login) = 1
)

select
    owner_id,
    lab,
    country,
    valid_from,
    -- The row of the new login may begin while that of the old one is open.
    least(valid_to, lead(valid_from, 1, date '9999-12-31') over (partition by owner_id order by valid_from)) as valid_to
from periods
