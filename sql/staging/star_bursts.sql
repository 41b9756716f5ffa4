/*
meaning: >-
  Days with a burst of stars (MEASURES 4.14): more than the median and six median deviations of the 90 days before, and at least 200.
  Judged by the stars first seen, so that a burst that was bought and taken away again is still one.
grain: [repo_id, day]
columns:
  repo_id: GitHub's number for the repository
  day: day of the burst
*/
with candidates as (
    select
        repo_id,
        day,
        first_observed
    from core.star_days
    where first_observed >= 200
),

before as (
    select
        candidates.repo_id,
        candidates.day,
        candidates.first_observed,
        days.first_observed as stars,
        median(days.first_observed) over (partition by candidates.repo_id, candidates.day) as usual
    from candidates
    inner join core.star_days as days
        on candidates.repo_id = days.repo_id and days.day < candidates.day and days.day >= candidates.day - 90
),

judged as (
    select
        repo_id,
        day,
        first_observed,
        usual,
        median(abs(stars - usual)) as usual_deviation,
        count(*) as days_known
    from before
    group by repo_id, day, first_observed, usual
)

-- The launch of a repository is no burst: four weeks have to be known before there is anything usual.
select
    repo_id,
    day
from judged
where days_known >= 28 and first_observed > usual + 6 * usual_deviation
