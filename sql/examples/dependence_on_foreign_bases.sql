/*
question: How far do the developers of a country depend on foreign base models?
answer: >-
  All models. dependence is the part of their new derivatives whose base comes from another country; lower_bound is what it is if every unreviewed base were their
  own. A country with fewer than 20 derivatives is not told. is_running says that the quarter is not over.
*/
select
    quarter,
    country,
    n_models,
    dependence,
    lower_bound,
    upper_bound,
    is_running
from marts.lineage_dependence
where credit = 'root' and not is_suppressed and dependence is not null
order by quarter desc, n_models desc, country asc
limit 30
