/*
meaning: Where each contributor of a quarter says to be, as the newest profile read in that quarter's readings has it.
grain: [quarter, person]
columns:
  quarter: first day of the quarter, UTC
  person: pseudonym under the key of this home
  countries: ISO codes that the profile names, several if it names several, none if it names none
  has_location: whether the profile says anything of a place; null if it could not be read
  profile_on: day on which the profile was read; null if it could not be
*/
select
    lines.quarter,
    lines.person,
    lines.countries,
    lines.has_location,
    lines.profile_on
from raw.contributors as lines
inner join staging.contributor_readings as readings
    on lines.repo_id = readings.repo_id and lines.quarter = readings.quarter and lines.observed_at = readings.observed_at and lines.key_id = readings.key_id
where lines.kind = 'person'
qualify row_number() over (partition by lines.quarter, lines.person order by lines.profile_on desc nulls last, lines.repo_id asc) = 1
