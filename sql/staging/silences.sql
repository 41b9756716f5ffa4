/*
meaning: >-
  Models that were still listed when their cumulative counter was no longer told, because it is missing or the record can't be read.
  What they brought since nobody knows; it is known again, together with what follows, once the counter is.
grain: [model_key]
columns:
  model_key: our number for the model
  counted_until: day on which the counter was last told
  listed_until: day of the last snapshot that lists it; null while it is listed
  downloads_30d: rolling 30-day counter as last told, since then too; null if it never was
  source: who told it
  told_on: UTC day on which it was
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
        bool_or(stays.gone_on is null) as is_listed,
        max(coalesce(told.counted_until, stays.last_on)) as counted_until
    from staging.stays as stays
    semi join troubled on stays.model_key = troubled.model_key
    left join told on stays.source = told.source and stays.listed_key = told.model_key
    where stays.source <> 'huggingface_quick'
    group by stays.model_key
),

silent as (
    select
        model_key,
        counted_until,
        case when not is_listed then last_on end as listed_until
    from listed
    where counted_until < last_on
),

readings as (
    select
        stays.model_key,
        counters.source,
        counters.observed_on,
        counters.downloads_30d
    from silent
    inner join staging.stays as stays on silent.model_key = stays.model_key and stays.source <> 'huggingface_quick'
    inner join staging.counters as counters
        on stays.source = counters.source and stays.listed_key = counters.model_key and silent.counted_until <= counters.observed_on
    where counters.downloads_30d >= 0
    qualify row_number() over (partition by stays.model_key order by counters.observed_on desc, counters.source asc) = 1
)

select
    silent.model_key,
    silent.counted_until,
    silent.listed_until,
    readings.downloads_30d,
    readings.source,
    readings.observed_on as told_on
from silent
left join readings on silent.model_key = readings.model_key
