/*
meaning: >-
  Whose each repository is in which week: the lab of its owner; without one, the lab that its own row of the registry names, as long
  as the owner is the first one seen.
grain: [repo_id, from_on]
columns:
  repo_id: GitHub's number for the repository
  lab: slug of the lab; gh and the owner's newest login for an organisation that nobody reviewed, gh:(persons) for all persons together
  country: country of the lab; UNKNOWN where nobody reviewed the owner
  is_reviewed: whether a lab of the registry owns it
  from_on: first week that it holds for
  until_on: first week that it no longer holds for
checks:
  - not_null: [lab, country]
  - holds: {rule: from_on < until_on, says: every home lasts}
*/
with logins as (
    select
        owner_id,
        arg_max(owner_login, observed_on) as owner_login
    from raw.repositories
    where owner_login is not null
    group by owner_id
),

own_rows as (
    select
        asked.repo_id,
        asked.lab,
        labs.country,
        labs.valid_from,
        labs.valid_to
    from staging.asked_repositories as asked
    inner join registry.labs as labs on asked.lab = labs.lab
),

moments as (
    select repo_id, from_on
    from staging.repository_owners
    union
    select owners.repo_id, unnest([labs.valid_from, labs.valid_to]) as from_on
    from staging.repository_owners as owners
    inner join staging.owner_labs as labs on owners.owner_id = labs.owner_id
    union
    select repo_id, unnest([valid_from, valid_to]) as from_on
    from own_rows
),

stretches as (
    select
        repo_id,
        from_on,
        lead(from_on, 1, date '9999-12-31') over (partition by repo_id order by from_on) as until_on
    from moments
    where from_on < date '9999-12-31'
)

select
    stretches.repo_id,
    coalesce(
        labs.lab,
        own_rows.lab,
        case when logins.owner_login is not null then 'gh:' || logins.owner_login else 'gh:(persons)' end
    ) as lab,
    coalesce(labs.country, own_rows.country, 'UNKNOWN') as country,
    coalesce(labs.lab, own_rows.lab) is not null as is_reviewed,
    stretches.from_on,
    stretches.until_on
from stretches
inner join staging.repository_owners as owners
    on stretches.repo_id = owners.repo_id and owners.from_on <= stretches.from_on and stretches.from_on < owners.until_on
left join staging.owner_labs as labs
    on owners.owner_id = labs.owner_id and labs.valid_from <= stretches.from_on and stretches.from_on < labs.valid_to
left join own_rows
    on
        stretches.repo_id = own_rows.repo_id
        and owners.is_first_owner
        and own_rows.valid_from <= stretches.from_on
        and stretches.from_on < own_rows.valid_to
left join logins on owners.owner_id = logins.owner_id
