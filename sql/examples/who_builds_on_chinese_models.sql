/*
question: Which countries build on Chinese base models?
answer: >-
  share is the part of the new derivatives by authors of derivative_country that go back to a Chinese base. Cells with fewer than 20 derivatives are
  hidden; is_running says that the quarter is not over.
*/
select
    quarter,
    derivative_country,
    n_models,
    share,
    downloads_share,
    is_running
from marts.lineage_flows
where credit = 'root' and base_country = 'CN' and not is_suppressed
order by quarter desc, n_models desc, derivative_country asc
limit 30
