/*
question: Is a lab or a country turning away from open releases?
answer: >-
  Only months in which two of six signals turned together, all of them 100 times likelier if the side is closing than if not; turned names them, turned_on
  says since which day it could be told. No rows: nobody did. It is a reason to look, not a proof.
*/
select
    month,
    level,
    side,
    turned_on,
    turned,
    turn_odds,
    open_share,
    gated_share,
    months_since_open_flagship
from marts.retreat_watch
where is_turning
order by month desc, level asc, side asc
limit 20
