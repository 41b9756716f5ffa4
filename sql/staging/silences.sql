/*
meaning: >-
  Models that were still listed when their cumulative counter was no longer told, because it is missing or the record can't be read.
  What they brought since nobody knows; it is known again, together with what follows, once the counter is.
grain: [model_key]
columns:
  model_key: our number for the model
  counted_until: day on which the counter was last told
*/
with
-- Without another trouble, who can't be read now was read in the snapshot before the first that could not.
told as (
    select
        source,
        model_key,
        max(observed_on) as counted_until
    from staging.disturbed_readings
    group by source, model_key
    union all
    select
        unreadable.source,
        unreadable.model_key,
        min(chain.previous_on) as counted_until
    from staging.unreadable as unreadable
    inner join staging.chain as chain on unreadable.source = chain.source and unreadable.observed_on = chain.observed_on
    anti join staging.disturbed_models as disturbed
        on unreadable.source = disturbed.source and unreadable.model_key = disturbed.model_key
    group by unreadable.source, unreadable.model_key
),

troubled as (
    select distinct stays.model_key
    from staging.stays as stays
    inner join told on stays.source = told.source and stays.listed_key = told.model_key
),

-- One source may tell what another does not.
listed as (
    select
        stays.model_key,
        max(stays.last_on) as last_on,
        max(coalesce(told.counted_until, stays.last_on)) as counted_until
    from staging.stays as stays
    semi join troubled on stays.model_key = troubled.model_key
    left join told on stays.source = told.source and stays.listed_key = told.model_key
    where stays.source <> 'huggingface_quick'
    group by stays.model_key
)

select
    model_key,
    counted_until
from listed
where counted_until < last_on
