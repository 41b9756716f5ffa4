/*
meaning: >-
  Under which licence class, and whether behind a gate, each model was offered in which week. What was first recorded also
  stands for the time before, so that the first row of a model is the best there is to know of its release.
grain: [model_key, from_on]
columns:
  model_key: our number for the model
  licence_class: class of the licence; none if none was stated, UNKNOWN if the id was not reviewed or no record told licences
  is_gated: whether access had to be asked for
  from_on: first week that ends under these terms; 0001-01-01 for the first
  until_on: first week that ends under others; 9999-12-31 for the last
*/
with stated as (
    select
        spans.model_key,
        spans.source,
        spans.listed_key,
        spans.observed_on,
        spans.last_on,
        -- A record without tags, as some archives have, says nothing about licences.
        case
            when records.licence_id is not null then coalesce(classes.licence_class, 'UNKNOWN')
            when records.tags is not null then 'none'
        end as licence_class,
        records.gated not in ('false', '') as is_gated
    from staging.record_spans as spans
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.listed_key = records.model_key
            and spans.observed_on = records.observed_on
    left join registry.licences as classes on records.licence_id = classes.licence_id
),

restless as (
    select model_key
    from stated
    group by model_key
    having count(*) > 1
),

daily as (
    select
        model_key,
        observed_on,
        licence_class,
        is_gated
    from stated
    semi join restless on stated.model_key = restless.model_key
    qualify row_number() over (
        partition by model_key, observed_on
        order by source = 'huggingface' desc, source = 'huggingface_quick' asc, source asc, listed_key asc
    ) = 1
    -- What others say between two captures of ours that agree would never be taken back, because an unchanged record is not told again.
    and (
        source = 'huggingface'
        or observed_on > coalesce(
            max(last_on) filter (where source = 'huggingface') over (partition by model_key order by observed_on),
            date '0001-01-01'
        )
    )
),

-- What a record does not say is no change.
carried as (
    select
        model_key,
        observed_on,
        coalesce(
            last_value(licence_class ignore nulls) over sofar,
            first_value(licence_class ignore nulls) over ever,
            'UNKNOWN'
        ) as licence_class,
        coalesce(last_value(is_gated ignore nulls) over sofar, first_value(is_gated ignore nulls) over ever, false) as is_gated
    from daily
    window
        sofar as (partition by model_key order by observed_on rows between unbounded preceding and current row),
        ever as (partition by model_key order by observed_on rows between unbounded preceding and unbounded following)
),

turns as (
    select
        model_key,
        observed_on,
        licence_class,
        is_gated
    from carried
    qualify row(licence_class, is_gated) is distinct from lag(row(licence_class, is_gated)) over (partition by model_key order by observed_on)
),

followed as (
    select
        model_key,
        licence_class,
        is_gated,
        observed_on,
        row_number() over (partition by model_key order by observed_on) as place,
        lead(observed_on) over (partition by model_key order by observed_on) as next_on
    from turns
)

select
    stated.model_key,
    coalesce(stated.licence_class, 'UNKNOWN') as licence_class,
    coalesce(stated.is_gated, false) as is_gated,
    date '0001-01-01' as from_on,
    date '9999-12-31' as until_on
from stated
anti join restless on stated.model_key = restless.model_key
union all
-- Of two changes within six days the earlier one ended no week, the first terms count all the same, for the release.
select
    model_key,
    licence_class,
    is_gated,
    case when place = 1 then date '0001-01-01' else observed_on - 6 end as from_on,
    coalesce(next_on - 6, date '9999-12-31') as until_on
from followed
