/*
meaning: Every model ever seen, as it was when last seen; removed, disabled and gated ones stay and say so.
grain: [hub_id]
columns:
  hub_id: the Hub's immutable id
  model_name: owner/name when last seen
  namespace: owner; null for names without one
  created_at: creation, UTC
  pipeline_tag: task, null if none
  library: library, null if none
  licence_id: licence id from the Hub's tag, else from the card; null if none is stated
  licence_class: class of the licence; none if none is stated, UNKNOWN if the id was not reviewed
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
    select *
    from staging.models
    qualify row_number() over (
        partition by hub_id order by observed_on desc, created_at is null, source = 'huggingface' desc, source
    ) = 1
),

sights as (
    select
        source,
        hub_id,
        observed_on,
        coalesce(is_removed or is_disabled, false) as is_gone
    from staging.models
    union all
    select
        source,
        hub_id,
        observed_on,
        false as is_gone
    from staging.quarantined
),

seen as (
    select
        hub_id,
        min(observed_on) as first_seen_on,
        max(observed_on) filter (where not is_gone) as last_seen_on,
        max(observed_on) filter (where source = 'huggingface') as last_captured_on
    from sights
    group by hub_id
),

removals as (
    select
        models.hub_id,
        min(models.observed_on) as called_removed_on
    from staging.models as models
    inner join seen on models.hub_id = seen.hub_id
    where models.is_removed and models.observed_on > coalesce(seen.last_seen_on, date '0001-01-01')
    group by models.hub_id
),

captures as (
    select
        observed_on,
        min(case when is_complete then observed_on end) over (
            order by observed_on rows between 1 following and unbounded following
        ) as next_complete_on
    from core.snapshots
    where source = 'huggingface'
),

licensed as (
    select
        hub_id,
        coalesce(
            lower(substr(list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1], 9)),
            lower(card_licence)
        ) as licence_id
    from latest
)

select
    latest.hub_id,
    latest.model_name,
    latest.namespace,
    latest.created_at,
    latest.pipeline_tag,
    latest.library,
    licensed.licence_id,
    case
        when licensed.licence_id is null then 'none'
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
    least(removals.called_removed_on, captures.next_complete_on) as removed_on
from latest
inner join seen on latest.hub_id = seen.hub_id
inner join licensed on latest.hub_id = licensed.hub_id
left join registry.licences as classes on licensed.licence_id = classes.licence_id
left join removals on latest.hub_id = removals.hub_id
left join captures on seen.last_captured_on = captures.observed_on
