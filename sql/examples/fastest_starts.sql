/*
question: Which new models are taken up fastest for their size?
answer: >-
  value 2 means twice the downloads of the tenth best of the size class at the same age (version v2); age_days is the age in days. Only models that
  reached that age within the last 180 days.
*/
select
    model_name,
    lab,
    country,
    size_band,
    age_days,
    downloads,
    value,
    reached_on
from marts.relative_adoption
where
    version = 'v2' and age_days = 30 and value is not null
    and reached_on >= (select max(newest.reached_on) - 180 from marts.relative_adoption as newest)
order by value desc, hub_id asc
limit 20
