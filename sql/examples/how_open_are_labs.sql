/*
question: How open are the labs' own releases, quarter by quarter?
answer: >-
  own_open_share is the part of a lab's own work that is under a permissive licence and behind no gate; tier puts that into words. Labs with fewer
  than three releases are left out; is_running says that the quarter is not over.
*/
select
    quarter,
    side as lab,
    country,
    n_own,
    own_open_share,
    gated_share,
    tier,
    is_running
from marts.openness_tier
where level = 'lab' and tier <> 'too few' and country <> 'UNKNOWN'
order by quarter desc, n_own desc, side asc
limit 40
