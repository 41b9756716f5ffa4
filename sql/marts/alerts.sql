/*
meaning: What somebody should look at; a share that moved, a large model that closed, a lab new among the ten of its size, a week nobody captured.
grain: [alert_id]
columns:
  alert_id: hash of kind, week and what it is about; the same in every release that tells the alert
  week: Monday of the ISO week it is about, UTC
  kind: >-
    share_moved, a country's or a lab's share of known downloads by more than two points against the week before (scope S2, publisher);
    licence_closed, gated, withdrawn, a model with more than a million downloads that got a less free licence, got a gate, left the Hub;
    entered_top10, a lab among the ten most downloaded of a size class that was not in any of the four weeks before, which detail calls
    unsure where the week is known only together with others;
    week_missed, a week of which nobody captured the whole Hub
  subject: code of the country, slug of the lab, the model's name, the lab and the size class, or the source
  hub_id: the Hub's immutable id where it is about a model; else null
  detail: what was and what is, in words
  number: >-
    share_moved, the share now less the share before, -1..1; entered_top10, the rank; licence_closed, gated and withdrawn, the downloads of
    all time that the model had passed; null for week_missed
  scope: scope of the number; null where there is none
  unknown_share: share_moved, part of the downloads in scope whose namespace was not reviewed, in the newer week; else null
  as_of: last snapshot used
checks:
  - one_of: {column: kind, values: [share_moved, licence_closed, gated, withdrawn, entered_top10, week_missed]}
  - not_null: [week, kind, subject, detail, as_of]
  - holds: {rule: "kind <> 'share_moved' or abs(number) > 0.02", says: a share that is told moved by more than two points}
  - holds: {rule: "kind <> 'entered_top10' or number between 1 and 10", says: only the first ten are told}
  - holds: {rule: "(number is null) = (kind = 'week_missed')", says: every alert but that of a missed week has a number}
  - holds: {rule: "(hub_id is null) = (kind not in ('licence_closed', 'gated', 'withdrawn'))", says: an alert about a model says which}
warnings:
  - An alert is a reason to look, not a finding. marts.share_changes says why a share moved.
  - Only weeks that were measured are compared, never one that is estimated; and no share of a week that is known only together
    with others, because a snapshot is missing or the Hub's counters stood still. A lab that enters in such a week is told, because it
    would be in no later alert, and is called unsure.
  - A week that nobody captured is told with the next release. `leadershift doctor --alarm` needs none.
*/
with measured as (
    select week
    from staging.weeks
    where source is not null and not is_quick
),

-- Weeks known by themselves: no snapshot missing inside of them, and no stall, that would spread one week's downloads over another.
clear as (
    select weeks.week
    from staging.weeks as weeks
    semi join measured on weeks.week = measured.week
    anti join staging.spans as spans
        on
            weeks.source = spans.source
            and spans.span_from < weeks.week + 7
            and spans.span_to > weeks.week
            and (spans.is_stretched or spans.span_to - spans.span_from > 10)
),

newest as (
    select max(observed_on) as as_of
    from core.snapshots
    where table_name = 'models'
),

shares as (
    select
        shares.week,
        shares.country as side,
        shares.country_name as side_name,
        shares.share_of_known,
        shares.unknown_share
    from marts.share_by_country as shares
    semi join clear on shares.week = clear.week
    where shares.scope = 'S2' and shares.credit = 'publisher' and shares.time_window = 'week' and shares.country <> 'UNKNOWN'
    union all
    select
        shares.week,
        shares.lab as side,
        shares.lab_name as side_name,
        shares.share_of_known,
        shares.unknown_share
    from marts.share_by_lab as shares
    semi join clear on shares.week = clear.week
    where shares.scope = 'S2' and shares.credit = 'publisher' and shares.time_window = 'week' and shares.country <> 'UNKNOWN'
),

-- A side without a row in a measured week had no downloads in it.
steps as (
    select
        week,
        side,
        side_name,
        share_of_known as share_now,
        0 as share_before
    from shares
    union all
    select
        week + 7 as week,
        side,
        side_name,
        0 as share_now,
        share_of_known as share_before
    from shares
),

moves as (
    select
        steps.week,
        steps.side,
        max(steps.side_name) as side_name,
        max(steps.share_now) as share_now,
        max(steps.share_before) as share_before
    from steps
    where steps.week in (select week from shares) and steps.week - 7 in (select week from shares)
    group by steps.week, steps.side
),

unreviewed as (
    select
        week,
        max(unknown_share) as unknown_share
    from shares
    group by week
),

large as (
    select
        coalesce(aliases.known_key, milestones.model_key) as model_key,
        max(milestones.threshold) as threshold,
        min(milestones.observed_on) as reached_on
    from staging.milestones as milestones
    left join staging.aliases as aliases on milestones.model_key = aliases.model_key
    where milestones.threshold = 1000000
    group by coalesce(aliases.known_key, milestones.model_key)
),

-- A licence is less free where this number is larger. None states nothing, and an unreviewed one is not compared.
freedom as (
    select
        licence_id,
        licence_class,
        case licence_class
            when 'permissive' then 1 when 'copyleft' then 2 when 'responsible-use' then 3 when 'custom' then 3 when 'non-commercial' then 4
        end as strictness
    from registry.licences
),

closings as (
    select
        events.week,
        case events.kind when 'licence_change' then 'licence_closed' when 'gate_flip' then 'gated' else 'withdrawn' end as kind,
        events.hub_id,
        case
            when events.kind = 'licence_change' then events.detail || ', which is ' || latter.licence_class || ' after ' || former.licence_class
            when events.kind = 'gate_flip' then 'open to all -> access by request (' || split_part(events.detail, ' -> ', 2) || ')'
            else 'no longer on the Hub'
        end as detail
    from core.counter_events as events
    left join freedom as former on events.kind = 'licence_change' and split_part(events.detail, ' -> ', 1) = former.licence_id
    left join freedom as latter on events.kind = 'licence_change' and split_part(events.detail, ' -> ', 2) = latter.licence_id
    where
        events.kind = 'removal'
        or (events.kind = 'gate_flip' and split_part(events.detail, ' -> ', 1) = 'false')
        or (events.kind = 'licence_change' and latter.strictness > former.strictness)
),

closed as (
    select
        closings.week,
        closings.kind,
        closings.hub_id,
        min(models.model_name) as model_name,
        min(closings.detail) as detail,
        max(large.threshold) as threshold
    from closings
    inner join staging.models as models on closings.hub_id = models.hub_id
    inner join large on models.model_key = large.model_key and large.reached_on < closings.week + 8
    group by closings.week, closings.kind, closings.hub_id
),

by_size as (
    select
        sizes.week,
        sizes.size_band,
        sizes.lab,
        row_number() over (
            partition by sizes.week, sizes.size_band order by sum(sizes.downloads_flow) desc, sizes.lab asc
        ) as rank
    from staging.openness_weeks as sizes
    semi join measured on sizes.week = measured.week
    where sizes.size_band <> 'unknown' and sizes.lab <> 'hf:(others)'
    group by sizes.week, sizes.size_band, sizes.lab
    having sum(sizes.downloads_flow) > 0
),

-- Places 10 and 11 change hands every week, so only who was away for four measured weeks enters.
entered as (
    select
        latter.week,
        latter.size_band,
        latter.lab,
        latter.rank,
        latter.week in (select week from clear) as is_clear
    from by_size as latter
    left join by_size as former
        on
            latter.size_band = former.size_band
            and latter.lab = former.lab
            and former.rank <= 10
            and former.week >= latter.week - 28
            and former.week < latter.week
    where
        latter.rank <= 10
        and former.week is null
        and latter.week - 7 in (select week from measured)
        and latter.week - 14 in (select week from measured)
        and latter.week - 21 in (select week from measured)
        and latter.week - 28 in (select week from measured)
),

found as (
    select
        moves.week,
        'share_moved' as kind,
        moves.side as subject,
        cast(null as varchar) as hub_id,
        moves.side_name || ': ' || cast(cast(100 * moves.share_before as decimal(4, 1)) as varchar) || ' % -> '
        || cast(cast(100 * moves.share_now as decimal(4, 1)) as varchar) || ' % of known downloads' as detail,
        moves.share_now - moves.share_before as number,
        'S2' as scope,
        unreviewed.unknown_share
    from moves
    inner join unreviewed on moves.week = unreviewed.week
    where abs(moves.share_now - moves.share_before) > 0.02
    union all
    select
        week,
        kind,
        model_name as subject,
        hub_id,
        detail,
        threshold as number,
        'S1' as scope,
        null as unknown_share
    from closed
    union all
    select
        week,
        'entered_top10' as kind,
        lab || ' in ' || size_band as subject,
        null as hub_id,
        'place ' || rank || ' of the size class ' || size_band || ', in none of the four weeks before among the ten'
        || case when is_clear then '' else ', but the week is known only together with others, so it may have been another of them' end as detail,
        rank as number,
        'S1' as scope,
        null as unknown_share
    from entered
    union all
    select
        week,
        'week_missed' as kind,
        'huggingface' as subject,
        null as hub_id,
        case when is_quick then 'only a quick capture saw it, so the whole' else 'nobody captured it, so it' end
        || ' can only be imported from an archive' as detail,
        null as number,
        null as scope,
        null as unknown_share
    from core.weeks
    where is_gap
)

select
    md5(concat_ws('|', found.kind, cast(found.week as varchar), coalesce(found.hub_id, found.subject))) as alert_id,
    found.week,
    found.kind,
    found.subject,
    found.hub_id,
    found.detail,
    cast(found.number as double) as number,
    found.scope,
    found.unknown_share,
    newest.as_of
from found
cross join newest
