/*
meaning: Every model ever seen, as our own captures last saw it, or an archive where they never did, with our number for it; core.models without the number.
grain: [model_key]
columns:
  model_key: our number for the model
  hub_id: the Hub's immutable id
  model_name: owner/name as last told
  namespace: owner; null for names without one
  created_at: creation, UTC
  pipeline_tag: task, null if none
  library: library, null if none
  licence_id: licence id from the Hub's tag, else from the card; null if none is stated
  licence_class: class of the licence; none if none is stated, UNKNOWN if the id was not reviewed or the record tells no licences
  is_gated: whether access has to be asked for
  is_disabled: whether the Hub says that the repository is disabled
  parameters_total: number of weights, null if the Hub does not say
  size_band: size class by parameters_total; unknown where it is null
  first_seen_on: day of the first snapshot with it
  last_seen_on: day of the last snapshot with it, readable or not, neither disabled nor called removed; the first one if there is none
  removed_on: day of the first complete snapshot without it, or of the first archive that calls it removed; null if it is there
checks:
  - one_of: {column: size_band, values: [<1B, 1-5B, 5-10B, 10-50B, 50-100B, 100-250B, '>250B', unknown]}
  - not_null: [model_name, first_seen_on, last_seen_on]
warnings:
  - parameters_total is what the repository's weights add up to; quantised repacks count fewer than their base.
*/
with latest as (
    select
        spans.model_key as known_key,
        records.*
    from staging.record_spans as spans
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.listed_key = records.model_key
            and spans.observed_on = records.observed_on
    where spans.is_latest
),

sights as (
    select
        model_key,
        min(first_on) as first_seen_on,
        max(last_on) as last_listed_on,
        max(last_on) filter (where source in ('huggingface', 'huggingface_quick')) as last_captured_on
    from staging.stays
    group by model_key
),

-- Only a record that says so can make a listed model one that is away.
away as (
    select
        spans.model_key,
        spans.observed_on,
        spans.last_on,
        coalesce(records.is_removed, false) as is_removed
    from staging.records as records
    inner join staging.record_spans as spans
        on
            records.source = spans.source
            and records.model_key = spans.listed_key
            and records.observed_on = spans.observed_on
    where records.is_removed or records.is_disabled
),

last_there as (
    select
        spans.model_key,
        max(spans.last_on) filter (where away.model_key is null) as last_seen_on
    from staging.record_spans as spans
    semi join away as once on spans.model_key = once.model_key
    left join away on spans.model_key = away.model_key and spans.observed_on = away.observed_on and spans.last_on = away.last_on
    group by spans.model_key
),

seen as (
    select
        sights.model_key,
        sights.first_seen_on,
        coalesce(sights.last_captured_on, sights.last_listed_on) as last_told_on,
        case when last_there.model_key is null then sights.last_listed_on else last_there.last_seen_on end as last_seen_on
    from sights
    left join last_there on sights.model_key = last_there.model_key
),

removals as (
    select
        away.model_key,
        min(greatest(away.observed_on, coalesce(seen.last_seen_on + 1, away.observed_on))) as called_removed_on
    from away
    inner join seen on away.model_key = seen.model_key
    where away.is_removed and away.last_on > coalesce(seen.last_seen_on, date '0001-01-01')
    group by away.model_key
),

-- What only an archive or a quick capture ever listed is missed by the next whole one all the same.
missed as (
    select
        observed_on,
        min(min(observed_on) filter (where source = 'huggingface' and is_complete)) over (
            order by observed_on rows between 1 following and unbounded following
        ) as removed_on
    from staging.chain
    group by observed_on
)

select
    latest.known_key as model_key,
    keys.hub_id,
    latest.model_name,
    latest.namespace,
    latest.created_at,
    latest.pipeline_tag,
    latest.library,
    latest.licence_id,
    -- A record without tags, as some archives have, says nothing about licences.
    case
        when latest.licence_id is null and latest.tags is not null then 'none'
        else coalesce(classes.licence_class, 'UNKNOWN')
    end as licence_class,
    coalesce(latest.gated not in ('false', ''), false) as is_gated,
    coalesce(latest.is_disabled, false) as is_disabled,
    latest.parameters_total,
    case
        when latest.parameters_total is null or latest.parameters_total <= 0 then 'unknown'
        when latest.parameters_total < 1e9 then '<1B'
        when latest.parameters_total < 5e9 then '1-5B'
        when latest.parameters_total < 10e9 then '5-10B'
        when latest.parameters_total < 50e9 then '10-50B'
        when latest.parameters_total < 100e9 then '50-100B'
        when latest.parameters_total <= 250e9 then '100-250B'
        else '>250B'
    end as size_band,
    seen.first_seen_on,
    coalesce(seen.last_seen_on, seen.first_seen_on) as last_seen_on,
    least(removals.called_removed_on, missed.removed_on) as removed_on
from latest
inner join staging.model_keys as keys on latest.known_key = keys.model_key
inner join seen on latest.known_key = seen.model_key
left join registry.licences as classes on latest.licence_id = classes.licence_id
left join removals on latest.known_key = removals.model_key
left join missed on seen.last_told_on = missed.observed_on
