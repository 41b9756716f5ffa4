/*
meaning: Under which namespace each model, and each parent never seen, belongs in which week.
grain: [model_key, from_on]
columns:
  model_key: our number for the model, below zero for a stub
  namespace: owner in that time; the whole name where it has none
  from_on: first week that ends under it; 0001-01-01 for the first
  until_on: first week that ends under another; 9999-12-31 for the last
*/
with ordered as (
    select
        model_key,
        coalesce(namespace, model_name) as namespace,
        first_seen_on,
        row_number() over (partition by model_key order by first_seen_on, model_name) as place,
        lead(first_seen_on) over (partition by model_key order by first_seen_on, model_name) as next_on
    from staging.names
    where model_key in (select twice.model_key from staging.names as twice group by twice.model_key having count(*) > 1)
)

select
    names.model_key,
    coalesce(names.namespace, names.model_name) as namespace,
    date '0001-01-01' as from_on,
    date '9999-12-31' as until_on
from staging.names as names
anti join ordered on names.model_key = ordered.model_key
union all
-- A model belongs to the namespace it had when the week ended: after an owner's rename, the past stays with the old name.
select
    model_key,
    namespace,
    case when place = 1 then date '0001-01-01' else first_seen_on - 6 end as from_on,
    coalesce(next_on - 6, date '9999-12-31') as until_on
from ordered
where next_on is null or next_on > first_seen_on
union all
select
    model_key,
    coalesce(namespace, model_name) as namespace,
    date '0001-01-01' as from_on,
    date '9999-12-31' as until_on
from staging.stubs
