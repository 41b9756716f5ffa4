/*
meaning: What happened to models and counters between one snapshot and the next of the same source, one row for each thing.
grain: [event_id]
columns:
  event_id: kind, source, day and model in one text
  kind: >-
    rename, removal, return, gate_flip, licence_change; rollback (a counter fell and came back), lasting_correction (it fell for good),
    spike (one day brought more than 60 % of a week, or the 30-day counter leapt so far that it must have),
    stall (the Hub's counters stood still), partial_snapshot (less than half of the list)
  hub_id: the Hub's immutable id of the model; null where the whole Hub is concerned
  week: Monday of the ISO week it happened in, which is that of the day before it was seen
  observed_on: UTC day of the snapshot that shows it
  source: who captured both snapshots
  amount: downloads that a counter lost, negative, or that a spike brought; null otherwise
  detail: what was and what is; for removal and return the name the model had; for counters what was done about it
checks:
  - one_of: {column: kind, values: [rename, removal, return, gate_flip, licence_change, rollback, lasting_correction, spike, stall, partial_snapshot]}
  - not_null: [kind, week, observed_on, source, detail]
warnings:
  - It happened at some time after the snapshot before; with daily snapshots that is a day, after a gap it may be months.
  - Two sources that both saw a thing both tell it. Count one source at a time.
  - What a snapshot does not say, on either side, is no change.
  - A lasting correction that is not final may still turn out to be a rollback; its detail says so.
*/
with stated as (
    select
        spans.source,
        spans.listed_key,
        spans.model_key,
        spans.observed_on,
        spans.last_on,
        records.model_name,
        records.gated,
        records.licence_id
    from staging.record_spans as spans
    inner join staging.records as records
        on
            spans.source = records.source
            and spans.listed_key = records.model_key
            and spans.observed_on = records.observed_on
    where not coalesce(records.is_removed, false)
),

-- Only models with more than one record can have changed.
restless as (
    select
        source,
        listed_key
    from stated
    group by source, listed_key
    having count(*) > 1
),

changed as (
    select
        latter.source,
        latter.model_key,
        latter.observed_on,
        former.model_name as former_name,
        latter.model_name,
        former.gated as former_gate,
        latter.gated,
        former.licence_id as former_licence,
        latter.licence_id
    from stated as latter
    semi join restless on latter.source = restless.source and latter.listed_key = restless.listed_key
    inner join staging.chain as chain on latter.source = chain.source and latter.observed_on = chain.observed_on
    inner join stated as former
        on
            latter.source = former.source
            and latter.listed_key = former.listed_key
            and former.observed_on < latter.observed_on
            and former.last_on = chain.previous_on
    where
        former.model_name <> latter.model_name
        or former.gated <> latter.gated
        or former.licence_id <> latter.licence_id
),

-- Absence means something only in a snapshot that lists all there is.
absences as (
    select
        stays.source,
        stays.model_key,
        min(again.first_on) as back_on,
        min(chain.observed_on) as removed_on
    from staging.stays as stays
    inner join staging.chain as chain
        on stays.source = chain.source and chain.is_complete and stays.gone_on <= chain.observed_on
    left join staging.stays as again
        on stays.source = again.source and stays.listed_key = again.listed_key and again.first_on > stays.last_on
    where stays.gone_on is not null
    group by stays.source, stays.model_key, stays.last_on
    having min(chain.observed_on) < coalesce(min(again.first_on), date '9999-12-31')
),

called as (
    select
        absences.source,
        absences.model_key,
        absences.removed_on,
        absences.back_on,
        -- By record and not by name, because an old name may be taken back. Where no record was readable by then, what the first one tells.
        coalesce(
            arg_max(stated.model_name, (stated.observed_on, stated.source)) filter (where stated.observed_on < absences.removed_on),
            arg_min(stated.model_name, (stated.observed_on, stated.source))
        ) as old_name,
        coalesce(
            arg_max(stated.model_name, (stated.observed_on, stated.source)) filter (where stated.observed_on <= absences.back_on),
            arg_min(stated.model_name, (stated.observed_on, stated.source))
        ) as new_name
    from absences
    inner join stated on absences.model_key = stated.model_key
    group by absences.source, absences.model_key, absences.removed_on, absences.back_on
),

falls as (
    select
        steps.source,
        coalesce(aliases.known_key, steps.model_key) as model_key,
        steps.fell_on,
        steps.is_bridged,
        steps.is_final,
        steps.to_on,
        steps.gained,
        steps.corrected
    from staging.disturbed_steps as steps
    left join staging.aliases as aliases on steps.model_key = aliases.model_key
    where steps.fell_on is not null
),

events as (
    select 'rename' as kind, source, model_key, observed_on, null as amount, former_name || ' -> ' || model_name as detail
    from changed
    where former_name <> model_name
    union all
    select
        'rename' as kind, changes.source, coalesce(aliases.known_key, changes.next_key) as model_key, changes.to_on as observed_on,
        null as amount, substr(former.hub_id, 6) || ' -> ' || substr(latter.hub_id, 6) || ', by its counter' as detail
    from staging.name_changes as changes
    inner join staging.model_keys as former on changes.model_key = former.model_key
    inner join staging.model_keys as latter on changes.next_key = latter.model_key
    left join staging.aliases as aliases on changes.next_key = aliases.model_key
    union all
    select 'gate_flip' as kind, source, model_key, observed_on, null as amount, former_gate || ' -> ' || gated as detail
    from changed
    where former_gate <> gated
    union all
    select 'licence_change' as kind, source, model_key, observed_on, null as amount, former_licence || ' -> ' || licence_id as detail
    from changed
    where former_licence <> licence_id
    union all
    select 'removal' as kind, source, model_key, removed_on as observed_on, null as amount, old_name as detail
    from called
    union all
    select 'return' as kind, source, model_key, back_on as observed_on, null as amount, new_name as detail
    from called
    where back_on is not null
    union all
    select
        'rollback' as kind, source, model_key, fell_on as observed_on, null as amount,
        'bridged up to ' || to_on || ', which brought ' || gained as detail
    from falls
    where is_bridged
    union all
    select
        'lasting_correction' as kind, source, model_key, fell_on as observed_on, corrected as amount,
        case when is_final then 'not back within 8 snapshots, no flow' else 'not back yet, no flow so far' end as detail
    from falls
    where not is_bridged
    union all
    select
        'spike' as kind, spikes.source, coalesce(aliases.known_key, spikes.model_key) as model_key, spikes.spike_on + 1 as observed_on,
        spikes.gained as amount,
        case
            when spikes.is_rolling then 'at least, of at most ' || spikes.gained_in_week || ' in the seven days up to it'
            else 'of ' || spikes.gained_in_week || ' in the week'
        end as detail
    from staging.spikes as spikes
    left join staging.aliases as aliases on spikes.model_key = aliases.model_key
    union all
    select
        'stall' as kind, source, null as model_key, to_on as observed_on, null as amount,
        'spread over ' || span_from || ' to ' || span_to || case when is_open then ', not over yet' else '' end as detail
    from staging.spans
    where is_stalled
    union all
    select 'partial_snapshot' as kind, source, null as model_key, observed_on, null as amount, row_count || ' rows, not used' as detail
    from core.snapshots
    where status = 'partial'
)

select
    concat_ws(':', events.kind, events.source, events.observed_on, keys.hub_id) as event_id,
    events.kind,
    keys.hub_id,
    cast(date_trunc('week', events.observed_on - interval 1 day) as date) as week,
    events.observed_on,
    events.source,
    cast(min(events.amount) as bigint) as amount,
    min(events.detail) as detail
from events
left join staging.model_keys as keys on events.model_key = keys.model_key
group by events.kind, events.source, keys.hub_id, events.observed_on
