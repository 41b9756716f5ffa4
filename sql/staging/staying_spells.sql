/*
meaning: How long each model kept more than half of the downloads of its best 28 days, of those that had 10,000 in them.
grain: [model_key]
columns:
  model_key: our number for the model
  lab: slug of the lab at its release; hf:(others) for the small ones that nobody reviewed
  country: country of that lab; UNKNOWN where nobody reviewed the namespace
  cohort: quarter of its release, such as 2026-Q1
  is_left_truncated: whether it was released before the first week measured, so that a higher peak may have gone before
  peak_on: Monday of the last of the four weeks with the most downloads; the first of equal ones
  peak_28d: downloads in those four weeks
  weeks: weeks from then to the first 28 days with less than half of it, or to the last known
  is_fallen: whether it fell; if not, it still stood when last known
  is_removed: whether it had not fallen when it left the Hub
  downloads_26w: downloads in the 28 days that end 26 weeks after the peak, none if it had left; null if that is not known yet
checks:
  - between: {column: peak_28d, min: 10000}
  - between: {column: weeks, min: 0}
  - holds: {rule: not (is_fallen and is_removed), says: what fell did not leave standing}
*/
with measured as (
    select
        week,
        count(*) over (order by week range between interval 21 days preceding and current row) as weeks_in_a_row
    from staging.weeks
    where source is not null and not is_quick
),

-- A week that nobody saw leaves no sum of 28 days that it is a part of.
windows as (
    select week
    from measured
    where weeks_in_a_row = 4
),

parts as (
    select
        model_key,
        week + 7 * cast(unnest(range(4)) as integer) as week,
        downloads_flow,
        is_estimate
    from staging.staying_flow
),

sums as (
    select
        parts.model_key,
        parts.week,
        sum(parts.downloads_flow) as downloads_28d,
        bool_or(parts.is_estimate or parts.week + 7 > candidates.counted_until) as is_unknown
    from parts
    semi join windows on parts.week = windows.week
    inner join staging.staying_candidates as candidates on parts.model_key = candidates.model_key
    group by parts.model_key, parts.week
),

peaks as (
    select
        model_key,
        week as peak_on,
        downloads_28d as peak_28d
    from sums
    where downloads_28d >= 10000 and not is_unknown
    qualify row_number() over (partition by model_key order by downloads_28d desc, week asc) = 1
),

followed as (
    select
        peaks.model_key,
        windows.week,
        coalesce(sums.downloads_28d, 0) < peaks.peak_28d / 2 as is_below,
        -- What it brought between its last snapshot and its end nobody saw, so that week can't say that it fell.
        candidates.seen_until is null or windows.week + 7 <= candidates.seen_until as is_listed,
        coalesce(sums.is_unknown, windows.week + 7 > candidates.counted_until) as is_unknown
    from peaks
    inner join staging.staying_candidates as candidates on peaks.model_key = candidates.model_key
    inner join windows on peaks.peak_on < windows.week
    left join sums on peaks.model_key = sums.model_key and windows.week = sums.week
),

ends as (
    select
        model_key,
        min(week) filter (where is_below and is_listed and not is_unknown) as fell_on,
        max(week) filter (where is_listed and not is_unknown) as last_on,
        bool_or(not is_listed) as is_gone
    from followed
    group by model_key
)

select
    peaks.model_key,
    candidates.lab,
    candidates.country,
    strftime(candidates.born_at, '%Y') || '-Q' || cast(quarter(candidates.born_at) as varchar) as cohort,
    candidates.born_at < (select min(measured.week) from measured) as is_left_truncated,
    peaks.peak_on,
    cast(peaks.peak_28d as decimal(28, 6)) as peak_28d,
    cast(date_diff('day', peaks.peak_on, coalesce(ends.fell_on, ends.last_on, peaks.peak_on)) / 7 as integer) as weeks,
    ends.fell_on is not null as is_fallen,
    coalesce(ends.fell_on is null and ends.is_gone, false) as is_removed,
    cast(
        case when not coalesce(sums.is_unknown, later.week + 7 > candidates.counted_until) then coalesce(sums.downloads_28d, 0) end as decimal(28, 6)
    ) as downloads_26w
from peaks
inner join staging.staying_candidates as candidates on peaks.model_key = candidates.model_key
left join ends on peaks.model_key = ends.model_key
left join windows as later on peaks.peak_on + 182 = later.week
left join sums on peaks.model_key = sums.model_key and later.week = sums.week
