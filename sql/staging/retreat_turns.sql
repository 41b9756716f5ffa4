/*
meaning: Which signals of a retreat turned by each month of each lab and country, and whether two did together.
through: turning.retreat
grain: [month, level, side]
columns:
  month: first day of the month
  level: lab or country
  side: slug of the lab, or code of the country
  is_turning: whether two signals are unlikely over the same months, and the three least likely together very much so; null until there is a year before, or while the month lasts
  turned: cadence, flagship, gated, licences, own_repos, withdrawn, those that turned, apart by a comma
  turn_chance: how likely chance alone is to bring the three least likely signals, multiplied
*/
select
    month,
    level,
    side,
    releases,
    n_gated,
    n_non_permissive,
    withdrawn,
    months_since_open_flagship,
    own_repo_share,
    is_complete
from staging.retreat_months
order by level, side, month
