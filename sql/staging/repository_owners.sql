/*
meaning: Who owned each repository in which week, by GitHub's number, which outlives every login.
grain: [repo_id, from_on]
columns:
  repo_id: GitHub's number for the repository
  owner_id: GitHub's number for the owner
  is_first_owner: whether it is the owner that the repository was first seen with
  from_on: first week that ends with this owner; 0001-01-01 for the first
  until_on: first week that ends with another; 9999-12-31 for the last
*/
with changes as (
    select
        repo_id,
        owner_id,
        observed_on,
        lag(owner_id) over (partition by repo_id order by observed_on, source) as former_id
    from raw.repositories
    where state = 'there' and owner_id is not null
),

begun as (
    select
        repo_id,
        owner_id,
        first_value(owner_id) over (partition by repo_id order by observed_on) as first_id,
        case when former_id is null then date '0001-01-01' else observed_on - 6 end as from_on
    from changes
    where former_id is distinct from owner_id
)

select
    repo_id,
    owner_id,
    owner_id = first_id as is_first_owner,
    from_on,
    lead(from_on, 1, date '9999-12-31') over (partition by repo_id order by from_on) as until_on
from begun
