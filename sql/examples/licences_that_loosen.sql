/*
question: How often do derivatives claim a looser licence than their base has?
answer: >-
  loosened_share is the part of the new derivatives of a quarter whose licence class allows what that of their parent does not, among those where both
  state one. Whether one breaks a licence only a lawyer can say.
*/
select
    quarter,
    sum(new_models) as compared,
    sum(case when is_looser then new_models else 0 end) / sum(new_models) as loosened_share
from marts.licence_drift
where relation = 'all' and is_looser is not null and not is_running
group by quarter
order by quarter desc
limit 20
