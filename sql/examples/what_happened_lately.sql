/*
question: >-
  What should somebody look at: shares that moved, large models that closed, labs new at the top, weeks missed?
answer: >-
  One row for each alert, the newest first; number is the change of the share, the downloads that the model had passed, or the rank. No rows: nothing
  of the kind happened.
*/
select
    week,
    kind,
    subject,
    detail,
    number
from marts.alerts
order by week desc, kind asc, subject asc
limit 40
