/*
meaning: >-
  What others published beside our own number in the scope, credit and time window that are nearest to it, and why the two differ.
  Where the weeks of this home do not reach the time of the publication, our nearest week stands there and is called so.
grain: [figure_id]
columns:
  figure_id: slug of the published number
  publication: who published it, and where
  country: country it is about, null if none
  lab: slug of the lab it is about, null if none
  measure: what it measures, as in registry.published_figures
  published_value: the number as published; a share as 0..1
  window_to: last day that it is about
  status: >-
    compared, our week ends within 28 days of window_to; other time, our nearest week lies further away, so that the two say
    nothing about each other; not measured, there is no such number of ours
  value: our own number, null if not measured
  difference: value - published_value; only where compared
  lower_bound: our share if none of the unreviewed belonged here; shares only
  upper_bound: our share if all of it did; shares only
  share_of_known: our share of what is reviewed; shares only
  scope: scope of our number
  credit: credit of our number
  time_window: time window of our number, null where none is near
  week: Monday of our week, null if not measured
  days_apart: days from window_to to the Sunday of our week, below 0 where ours is earlier
  unknown_share: part of our downloads in scope whose namespace was not reviewed
  why: why the two differ
  source_url: page that says so; null where none was seen
  confidence: how sure we are of the published number, high, medium or low
  note: how it was read
  as_of: last snapshot used
checks:
  - one_of: {column: status, values: [compared, other time, not measured]}
  - holds: {rule: (value is null) = (status = 'not measured'), says: only what is not measured has no number}
  - holds: {rule: (difference is null) = (status <> 'compared'), says: a difference stands only between numbers of one time}
  - not_null: [why, published_value, confidence]
warnings:
  - No two of these numbers have the same denominator. Read why before you set them side by side.
*/
with measured as (
    select week
    from staging.weeks
    where source is not null and not is_quick
),

shares as (
    select
        country, cast(null as varchar) as lab, week, scope, credit, time_window,
        share_of_total, share_of_known, lower_bound, upper_bound, downloads_flow, unknown_share, as_of
    from marts.share_by_country
    union all
    select
        cast(null as varchar) as country, lab, week, scope, credit, time_window,
        share_of_total, share_of_known, lower_bound, upper_bound, downloads_flow, unknown_share, as_of
    from marts.share_by_lab
),

totals as (
    select
        week,
        scope,
        credit,
        sum(cast(downloads_flow as decimal(28, 6))) as downloads_flow,
        max(unknown_share) as unknown_share
    from marts.share_by_country
    where time_window = 'week'
    group by week, scope, credit
),

ours as (
    select
        figures.figure_id,
        shares.week,
        case figures.measure when 'share_of_total' then shares.share_of_total else shares.downloads_flow end as value,
        case figures.measure when 'share_of_total' then shares.lower_bound end as lower_bound,
        case figures.measure when 'share_of_total' then shares.upper_bound end as upper_bound,
        case figures.measure when 'share_of_total' then shares.share_of_known end as share_of_known,
        shares.unknown_share,
        shares.as_of
    from registry.published_figures as figures
    inner join shares
        on
            (figures.country = shares.country or figures.lab = shares.lab)
            and figures.scope = shares.scope
            and figures.credit = shares.credit
            and figures.time_window = shares.time_window
    where figures.measure in ('share_of_total', 'downloads_flow')
    union all
    select
        figures.figure_id,
        spread.week,
        case figures.measure
            when 'cr10' then spread.cr10
            when 'cr100' then spread.cr100
            else cast(totals.downloads_flow as double) / 7
        end as value,
        cast(null as double) as lower_bound,
        cast(null as double) as upper_bound,
        cast(null as double) as share_of_known,
        totals.unknown_share,
        spread.as_of
    from registry.published_figures as figures
    inner join marts.concentration as spread
        on figures.scope = spread.scope and figures.credit = spread.credit and spread.level = 'model'
    inner join totals on spread.week = totals.week and spread.scope = totals.scope and spread.credit = totals.credit
    where figures.measure in ('cr10', 'cr100', 'downloads_a_day') and figures.time_window = 'week'
),

nearest as (
    select
        ours.*,
        ours.week + 6 - figures.window_to as days_apart
    from ours
    inner join measured on ours.week = measured.week
    inner join registry.published_figures as figures on ours.figure_id = figures.figure_id
    where ours.value is not null
    qualify row_number() over (partition by ours.figure_id order by abs(ours.week + 6 - figures.window_to), ours.week) = 1
)

select
    figures.figure_id,
    figures.publication,
    figures.country,
    figures.lab,
    figures.measure,
    figures.value as published_value,
    figures.window_to,
    case
        when nearest.value is null then 'not measured'
        when abs(nearest.days_apart) <= 28 then 'compared'
        else 'other time'
    end as status,
    nearest.value,
    case when abs(nearest.days_apart) <= 28 then nearest.value - figures.value end as difference,
    nearest.lower_bound,
    nearest.upper_bound,
    nearest.share_of_known,
    figures.scope,
    figures.credit,
    figures.time_window,
    nearest.week,
    nearest.days_apart,
    nearest.unknown_share,
    figures.why,
    figures.source_url,
    figures.confidence,
    figures.note,
    nearest.as_of
from registry.published_figures as figures
left join nearest on figures.figure_id = nearest.figure_id
