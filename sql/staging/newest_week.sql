/*
meaning: >-
  The one week that tables for people tell of: the newest that captures of the whole Hub measured; until there is one, the newest
  that they saw; where there are only quick captures, the newest of these.
grain: [week]
columns:
  week: Monday of the ISO week, UTC
*/
select week
from staging.weeks
order by is_quick asc, source is not null desc, week desc
limit 1
