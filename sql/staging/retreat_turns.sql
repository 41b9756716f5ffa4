/*
meaning: Which signals of a retreat had turned by the end of each week of each lab and country, and whether two did together.
through: turning.retreat
grain: [week, level, side]
columns:
  week: Monday of the ISO week, UTC; its end is when this could be told
  level: lab or country
  side: slug of the lab, or code of the country
  is_turning: whether two signals turned over the same weeks, and all together are much likelier if the side closes; null until there is a year and a month
  turned: cadence, flagship, gated, licences, own_repos, withdrawn, those that turned, apart by a comma
  turn_odds: how many times likelier the counts of all signals are if the side is closing than if it goes on as before
*/
select
    week,
    level,
    side,
    releases,
    n_gated,
    n_non_permissive,
    withdrawn,
    has_open_flagship,
    cast(own_repo_flow as double) as own_repo_flow,
    cast(root_flow as double) as root_flow
from staging.retreat_weeks
order by level, side, week
