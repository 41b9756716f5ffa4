/*
question: Which country's base models do new derivatives come from, by quarter of the year?
answer: >-
  All models. The sum of new derivatives by the country of the root's lab; UNKNOWN are roots whose publisher nobody reviewed. share_of_all adds up to 1 for each
  quarter.
*/
select
    cast(date_trunc('quarter', month) as date) as quarter,
    country,
    sum(new_models) as new_models,
    sum(new_models) / sum(sum(new_models)) over (partition by date_trunc('quarter', month)) as share_of_all
from marts.derivative_births
where level = 'country' and relation = 'all' and variant = 'default' and not is_running
group by date_trunc('quarter', month), country
order by quarter desc, new_models desc, country asc
limit 40
