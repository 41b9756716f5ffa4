/*
meaning: What happened to models between one snapshot and the next of the same source, one row for each thing.
grain: [event_id]
columns:
  event_id: kind, source, day and model in one text
  kind: rename, removal, return, gate_flip or licence_change
  hub_id: the Hub's immutable id of the model
  week: Monday of the ISO week it happened in, which is that of the day before it was seen
  observed_on: UTC day of the snapshot that shows it
  source: who captured both snapshots
  detail: what was and what is; for removal and return the name the model had
checks:
  - one_of: {column: kind, values: [rename, removal, return, gate_flip, licence_change]}
  - not_null: [kind, week, observed_on, source, detail]
warnings:
  - It happened at some time after the snapshot before; with daily snapshots that is a day, after a gap it may be months.
  - Two sources that both saw a thing both tell it. Count one source at a time.
  - What a snapshot does not say, on either side, is no change.
*/
with days as (
    select
        source,
        observed_on,
        lag(observed_on) over (partition by source order by observed_on) as previous_on,
        is_complete
    from core.snapshots
    where table_name = 'models'
),

-- Absence means something only in a snapshot that lists all there is.
complete_days as (
    select
        days.source,
        days.observed_on,
        min(complete.observed_on) as next_on
    from days
    inner join days as complete
        on days.source = complete.source and days.observed_on < complete.observed_on and complete.is_complete
    group by days.source, days.observed_on
),

stated as (
    select
        source,
        hub_id,
        observed_on,
        model_name,
        gated,
        coalesce(
            lower(substr(list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1], 9)),
            lower(card_licence)
        ) as licence_id
    from staging.models
    where not coalesce(is_removed, false)
),

changed as (
    select
        latter.source,
        latter.hub_id,
        latter.observed_on,
        former.model_name as former_name,
        latter.model_name,
        former.gated as former_gate,
        latter.gated,
        former.licence_id as former_licence,
        latter.licence_id
    from stated as latter
    inner join days on latter.source = days.source and latter.observed_on = days.observed_on
    inner join stated as former
        on latter.source = former.source and latter.hub_id = former.hub_id and days.previous_on = former.observed_on
    where
        former.model_name <> latter.model_name
        or former.gated <> latter.gated
        or former.licence_id <> latter.licence_id
),

renames as (
    select
        'rename' as kind,
        source,
        hub_id,
        observed_on,
        former_name || ' -> ' || model_name as detail
    from changed
    where former_name <> model_name
),

gate_flips as (
    select
        'gate_flip' as kind,
        source,
        hub_id,
        observed_on,
        former_gate || ' -> ' || gated as detail
    from changed
    where former_gate <> gated
),

licence_changes as (
    select
        'licence_change' as kind,
        source,
        hub_id,
        observed_on,
        former_licence || ' -> ' || licence_id as detail
    from changed
    where former_licence <> licence_id
),

-- A model whose record could not be read was there.
listed as (
    select
        source,
        hub_id,
        observed_on
    from stated
    union all
    select
        source,
        hub_id,
        observed_on
    from staging.quarantined
),

gone as (
    select distinct
        former.source,
        former.hub_id,
        complete_days.next_on as observed_on
    from listed as former
    inner join complete_days on former.source = complete_days.source and former.observed_on = complete_days.observed_on
    anti join listed as latter
        on former.source = latter.source and former.hub_id = latter.hub_id and complete_days.next_on = latter.observed_on
),

removals as (
    select
        'removal' as kind,
        gone.source,
        gone.hub_id,
        gone.observed_on,
        arg_max(names.model_name, names.first_seen_on) as detail
    from gone
    inner join core.model_names as names on gone.hub_id = names.hub_id and names.first_seen_on < gone.observed_on
    group by gone.source, gone.hub_id, gone.observed_on
),

-- Each removal ends with the first snapshot that has the model again, and none with the return from another one.
returns as (
    select
        'return' as kind,
        removals.source,
        removals.hub_id,
        min(again.observed_on) as observed_on,
        arg_min(again.model_name, again.observed_on) as detail
    from removals
    inner join stated as again
        on removals.source = again.source and removals.hub_id = again.hub_id and removals.observed_on < again.observed_on
    group by removals.source, removals.hub_id, removals.observed_on
),

events as (
    select * from renames
    union all
    select * from removals
    union all
    select * from returns
    union all
    select * from gate_flips
    union all
    select * from licence_changes
)

select
    concat_ws(':', kind, source, observed_on, hub_id) as event_id,
    kind,
    hub_id,
    cast(date_trunc('week', observed_on - interval 1 day) as date) as week,
    observed_on,
    source,
    min(detail) as detail
from events
group by kind, source, hub_id, observed_on
