/*
meaning: The reading of each repository's quarter that stands - the newest one, under one key for all repositories of the quarter.
grain: [repo_id, quarter]
columns:
  repo_id: GitHub's number of the repository
  quarter: first day of the quarter, UTC
  key_id: name of the key that the persons of the reading are hashed with
  observed_at: when it was read, UTC
*/
with readings as (
    select distinct
        repo_id,
        quarter,
        key_id,
        observed_at
    from raw.contributors
),

newest as (
    select
        repo_id,
        quarter,
        key_id,
        max(observed_at) as observed_at
    from readings
    group by repo_id, quarter, key_id
),

-- People of two keys can't be told apart, so they never meet. After a lost key the one counts that has read more days of the
-- quarter, over all repositories: of a running quarter the former one would otherwise stand for ever if a repository went since.
keyed as (
    select
        quarter,
        key_id
    from newest
    group by quarter, key_id
    qualify
        row_number() over (
            partition by quarter
            order by
                sum(least(cast(observed_at as date), cast(quarter + interval 3 month as date)) - quarter + 1) desc,
                max(observed_at) desc,
                key_id asc
        ) = 1
)

select
    readings.repo_id,
    readings.quarter,
    readings.key_id,
    readings.observed_at
from readings
inner join keyed on readings.quarter = keyed.quarter and readings.key_id = keyed.key_id
qualify row_number() over (partition by readings.repo_id, readings.quarter order by readings.observed_at desc) = 1
