/*
meaning: How much of the work on a lab's repositories comes from the lab's own country, beside that country's part in all captured repositories.
grain: [quarter, lab]
columns:
  quarter: first day of the quarter, UTC
  lab: slug of the lab
  country: the lab's own country at the end of the quarter
  contributors: people from there who worked on the lab's repositories; null where suppressed
  home_share_of_located: contributors / people on the lab's repositories who name a country
  home_share_of_all: contributors / all people on the lab's repositories
  lower_bound: share if nobody of unknown place is from there
  upper_bound: share if all of them are
  share_elsewhere: the same country's share of located people over all captured repositories; null where that is suppressed
  is_suppressed: whether too few people are from there to say so, or too few work on the lab's repositories at all
  located_contributors: people on the lab's repositories who name a country; null where suppressed
  all_contributors: all people on the lab's repositories; null where suppressed
  is_back_cast: whether the quarter was over before profiles were read
  is_running: whether the quarter was not over at the last capture
  as_of: last snapshot used
checks:
  - between: {column: home_share_of_located, min: 0, max: 1.000000001}
  - holds: {rule: is_suppressed = (contributors is null), says: a suppressed home shows no number and every other one does}
  - holds: {rule: lower_bound <= upper_bound, says: the lower bound is not above the upper}
warnings:
  - A high share is not a bias by itself. A country with many developers has a high share everywhere; share_elsewhere tells.
  - Nobody from there and too few from there look the same, suppressed.
*/
with labs as (
    select
        quarter,
        unit,
        lab,
        max(lab_country) as country,
        max(located_contributors) as located_contributors,
        max(all_contributors) as all_contributors,
        bool_or(is_back_cast) as is_back_cast,
        bool_or(is_running) as is_running,
        max(as_of) as as_of
    from marts.contributor_geography
    where level = 'lab'
    group by quarter, unit, lab
)

select
    labs.quarter,
    labs.lab,
    labs.country,
    home.contributors,
    home.share_of_located as home_share_of_located,
    home.share_of_all as home_share_of_all,
    home.lower_bound,
    home.upper_bound,
    everywhere.share_of_located as share_elsewhere,
    home.contributors is null as is_suppressed,
    labs.located_contributors,
    labs.all_contributors,
    labs.is_back_cast,
    labs.is_running,
    labs.as_of
from labs
left join marts.contributor_geography as home on labs.quarter = home.quarter and labs.unit = home.unit and labs.country = home.country
left join marts.contributor_geography as everywhere
    on labs.quarter = everywhere.quarter and everywhere.unit = 'all' and labs.country = everywhere.country
where length(labs.country) = 2
order by labs.quarter, labs.lab
