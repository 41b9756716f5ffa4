/*
meaning: Under which namespace each model, and each parent never seen, belongs in which week.
grain: [model_key, from_on]
columns:
  model_key: our number for the model, below zero for a stub
  namespace: owner in that time; the whole name where it has none, of a path on somebody's disk together with the child that names it
  from_on: first week that ends under it; 0001-01-01 for the first
  until_on: first week that ends under another; 9999-12-31 for the last
*/
with homes as (
    select
        model_key,
        min(coalesce(namespace, model_name)) as first_namespace,
        max(coalesce(namespace, model_name)) as last_namespace
    from staging.names
    group by model_key
),

-- Day by day and not from the names, because an owner may get an old name back.
daily as (
    select
        spans.model_key,
        spans.observed_on,
        coalesce(records.namespace, records.model_name) as namespace
    from staging.record_spans as spans
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.listed_key = records.model_key
            and spans.observed_on = records.observed_on
    inner join homes on spans.model_key = homes.model_key and homes.first_namespace <> homes.last_namespace
    qualify row_number() over (
        partition by spans.model_key, spans.observed_on
        order by spans.source = 'huggingface' desc, spans.source = 'huggingface_quick' asc, spans.source asc, spans.listed_key asc
    ) = 1
    -- What others say between two captures of ours that agree would never be taken back, because an unchanged record is not told again.
    and (
        spans.source = 'huggingface'
        or spans.observed_on > coalesce(
            max(spans.last_on) filter (where spans.source = 'huggingface') over (partition by spans.model_key order by spans.observed_on),
            date '0001-01-01'
        )
    )
),

turns as (
    select
        model_key,
        observed_on,
        namespace
    from daily
    qualify namespace is distinct from lag(namespace) over (partition by model_key order by observed_on)
),

followed as (
    select
        model_key,
        namespace,
        observed_on,
        row_number() over (partition by model_key order by observed_on) as place,
        lead(observed_on) over (partition by model_key order by observed_on) as next_on
    from turns
)

select
    model_key,
    first_namespace as namespace,
    date '0001-01-01' as from_on,
    date '9999-12-31' as until_on
from homes
where first_namespace = last_namespace
union all
-- A model belongs to the namespace it had when the week ended: after an owner's rename, the past stays with the old name.
select
    model_key,
    namespace,
    case when place = 1 then date '0001-01-01' else observed_on - 6 end as from_on,
    coalesce(next_on - 6, date '9999-12-31') as until_on
from followed
union all
select
    model_key,
    coalesce(namespace, stub_name) as namespace,
    date '0001-01-01' as from_on,
    date '9999-12-31' as until_on
from staging.stubs
