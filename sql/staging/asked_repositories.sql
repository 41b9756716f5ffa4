/*
meaning: >-
  Which repository each row of the registry is about. A name belongs to the first repository that answered when it was asked for,
  whoever takes it later. One that was not asked for yet is that of the repository which had it last.
grain: [repo_id]
columns:
  repo_id: GitHub's number for the repository
  lab: slug of the lab that owns it; null where the registry names none
  why: what it is for
*/
with answers as (
    select
        registered.repo_name as asked_name,
        registered.lab,
        registered.why,
        seen.repo_id,
        seen.observed_on
    from registry.repositories as registered
    inner join raw.repositories as seen on lower(registered.repo_name) = lower(coalesce(seen.asked_name, seen.repo_name))
    where seen.state = 'there'
    qualify
        row_number() over (
            partition by registered.repo_name
            order by
                case when seen.asked_name is not null then seen.observed_on end asc nulls last,
                seen.observed_on desc,
                seen.repo_id asc
        ) = 1
)

-- Two names of the registry may lead to one repository that was renamed in between.
select
    repo_id,
    lab,
    why
from answers
qualify row_number() over (partition by repo_id order by observed_on, asked_name) = 1
