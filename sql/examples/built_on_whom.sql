/*
question: On whose models do others build most, in the newest months?
answer: >-
  All models. new_models are derivatives created in the month, each counted with the part that goes back to the lab; quantised forms and a lab's own derivatives
  are left out. share is of all of them.
*/
select
    month,
    lab,
    country,
    new_models,
    new_authors,
    share
from marts.derivative_births
where
    level = 'lab' and relation = 'all' and variant = 'default' and not is_running
    and month >= (select max(newest.month) - interval 3 month from marts.derivative_births as newest)
order by month desc, new_models desc, lab asc
limit 30
