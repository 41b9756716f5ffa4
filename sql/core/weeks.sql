/*
meaning: Every ISO week from the first snapshot to the newest one, whether we captured it, and whether its downloads were measured; a gap stays a gap for ever.
grain: [week]
columns:
  week: Monday of the ISO week, UTC
  is_captured: whether we captured the whole Hub in it
  is_imported: whether an archive that others captured has a day in it
  is_quick: whether a quick capture has a day in it; it asks for a part of the Hub only, and fills no gap
  is_gap: >-
    whether it went by after our first capture without one, and without an archive's day; what a quick capture saw of it has scopes
    of its own
  snapshot_count: snapshots whose day lies in it, quick captures left out
  is_measured: whether whole captures of the cumulative counters lie on both sides of it; the downloads of other weeks are estimated
  counted_days: >-
    days by the clock whose downloads a measured week is told, 7 if each snapshot was taken at the same hour; a snapshot counts as
    taken when its UTC day begins
  is_uneven: whether these are more than six hours more or less than seven days, so that its downloads are flagged
checks:
  - not_null: [is_captured, is_imported, is_quick, is_gap, snapshot_count, is_measured, is_uneven]
  - holds: {rule: is_gap <= (snapshot_count = 0), says: a week with a snapshot is no gap}
warnings:
  - A week whose crawl waits for a signature is a gap here until somebody signs; `leadershift status` names it.
  - It ends with the newest snapshot; `leadershift status` counts the gaps up to now.
*/
with listing as (
    -- Neither owners nor a part of the list make a week that we have.
    select
        week,
        status,
        is_complete,
        source = 'huggingface_quick' as is_quick
    from core.snapshots
    where table_name = 'models'
),

bounds as (
    select
        min(week) as first_week,
        max(week) as last_week,
        min(week) filter (where status <> 'imported' and not is_quick) as first_captured
    from listing
),

every_week as (
    select
        cast(weeks.monday as date) as week,
        bounds.first_captured,
        bounds.last_week
    from bounds, unnest(generate_series(bounds.first_week, bounds.last_week, interval 7 day)) as weeks (monday)
)

select
    every_week.week,
    coalesce(bool_or(snapshots.status = 'sealed' and snapshots.is_complete), false) as is_captured,
    coalesce(bool_or(snapshots.status = 'imported'), false) as is_imported,
    coalesce(bool_or(snapshots.is_quick), false) as is_quick,
    -- The newest week may still get the whole capture that only a quick one stands for.
    count(snapshots.week) filter (where not snapshots.is_quick) = 0
    and coalesce(every_week.week > every_week.first_captured, false)
    and every_week.week < every_week.last_week as is_gap,
    count(snapshots.week) filter (where not snapshots.is_quick) as snapshot_count,
    measured.week is not null as is_measured,
    measured.counted_days,
    coalesce(measured.is_uneven, false) as is_uneven
from every_week
left join listing as snapshots on every_week.week = snapshots.week
left join staging.weeks as measured on every_week.week = measured.week and measured.source is not null and not measured.is_quick
group by every_week.week, every_week.first_captured, every_week.last_week, measured.week, measured.counted_days, measured.is_uneven
