/*
question: Is a lab or a country turning away from open releases?
answer: >-
  Only months in which two of six signals turned together, together less likely than 0.03 % to be chance; turned names them. No rows: nobody did. It is a
  reason to look, not a proof.
*/
select
    month,
    level,
    side,
    turned,
    turn_chance,
    open_share,
    gated_share,
    months_since_open_flagship
from marts.retreat_watch
where is_turning
order by month desc, level asc, side asc
limit 20
