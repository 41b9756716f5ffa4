/*
meaning: Every name each repository was seen under; its number stays when the name changes.
grain: [repo_id, repo_name]
columns:
  repo_id: GitHub's number for the repository
  repo_name: owner/name
  first_seen_on: day of the first snapshot with it under this name
  last_seen_on: day of the last one
*/
select
    repo_id,
    repo_name,
    min(observed_on) as first_seen_on,
    max(observed_on) as last_seen_on
from raw.repositories
where state = 'there' and repo_name is not null
group by repo_id, repo_name
