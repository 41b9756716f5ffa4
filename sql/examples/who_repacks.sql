/*
question: Through whose quantised re-packs do the large model families reach their users?
answer: >-
  share_of_family is the part of all downloads going back to the family which this intermediary serves with its re-packs, in the newest quarter;
  is_running says that it is not over.
*/
select
    quarter,
    family,
    intermediary,
    intermediary_country,
    downloads_flow,
    share_of_family,
    is_running
from marts.intermediaries
where relation = 'quantized' and quarter = (select max(newest.quarter) from marts.intermediaries as newest)
order by downloads_flow desc, family asc, intermediary asc
limit 20
