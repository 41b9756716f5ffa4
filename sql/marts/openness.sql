/*
meaning: >-
  How freely models may be used, by the quarter of their release: how many new ones each country and lab put under which
  class of licence, of which size, and what was downloaded of all models under that class, old ones included.
grain: [quarter, level, side, licence_class, size_band]
columns:
  quarter: first day of the quarter, UTC
  level: country or lab, of the publisher
  side: what the row is about, the country or the lab
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones; null on country rows
  country: country of the lab at that time; INTERNATIONAL, or UNKNOWN where nobody reviewed the namespace
  licence_class: permissive, copyleft, responsible-use, custom, non-commercial; none where none is stated; UNKNOWN where the licence was not reviewed
  size_band: size class by number of parameters; unknown where the Hub tells none
  n_models: models released in the quarter, derivatives included, by the licence that was first recorded
  n_own: those of them that are the publisher's own work, neither quantised nor made from another lab's model
  share: n_models / all models that the side released in the quarter; null when it released none
  own_share: n_own / all own work that the side released in the quarter; null when it released none
  gated_share: part of n_models for which access had to be asked for when first recorded; null when there are none
  downloads_flow: downloads in the quarter of all models that stood under this class in the week, whenever released
  downloads_share: downloads_flow / downloads of all of the side's models in the quarter; null when there were none
  gated_downloads_share: part of downloads_flow that went to models behind a gate in that week; null when there were none
  estimated_share: part of downloads_flow that is estimated from the 30-day counter; null when there was none
  flow_days: days of the quarter whose downloads are known; downloads_flow is only a part where they are fewer than its days
  unknown_share: part of all models released in the quarter whose publisher nobody reviewed
  is_before_capture: whether the quarter began before the first whole capture, so that only what survived until then is counted
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - between: {column: share, min: 0, max: 1}
  - between: {column: gated_share, min: 0, max: 1}
  - between: {column: downloads_flow, min: 0}
  - between: {column: downloads_share, min: 0, max: 1.000001}
  - between: {column: flow_days, min: 0, max: 92}
  - one_of: {column: licence_class, values: [permissive, copyleft, responsible-use, custom, non-commercial, none, UNKNOWN]}
  - one_of: {column: size_band, values: [<1B, 1-5B, 5-10B, 10-50B, 50-100B, 100-250B, '>250B', unknown]}
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: n_own <= n_models, says: own work is a part of what was released}
  - holds: {rule: "side = coalesce(lab, country)", says: a row is about its lab or else its country}
warnings:
  - Gates and licences of models older than the first capture are those of that capture, not of their release.
  - A class is ours and no legal advice; registry.licences says how each id was read.
  - n_models counts new models, downloads_flow all models. Don't divide one by the other.
  - downloads_share of lab rows named hf:(others) is of these labs together.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

released as (
    select
        births.quarter,
        births.country,
        coalesce(listed.lab, 'hf:(others)') as lab,
        births.licence_class,
        births.size_band,
        max(births.week) as week,
        count(*) as n_models,
        count(*) filter (where births.is_own) as n_own,
        count(*) filter (where births.is_gated) as n_gated
    from staging.births as births
    left join staging.listed_labs as listed on births.lab = listed.lab
    group by births.quarter, births.country, coalesce(listed.lab, 'hf:(others)'), births.licence_class, births.size_band
),

-- A week across two quarters is shared between them by days.
downloaded as (
    select
        quarters.quarter,
        weeks.country,
        weeks.lab,
        weeks.licence_class,
        weeks.size_band,
        max(weeks.week) as week,
        sum(weeks.downloads_flow * quarters.days) as flow,
        coalesce(sum(weeks.downloads_flow * quarters.days) filter (where weeks.is_gated), 0) as gated,
        sum(weeks.estimated_flow * quarters.days) as estimated
    from staging.openness_weeks as weeks
    inner join staging.quarter_weeks as quarters on weeks.week = quarters.week
    group by quarters.quarter, weeks.country, weeks.lab, weeks.licence_class, weeks.size_band
),

both_sums as (
    select quarter, country, lab, licence_class, size_band, week, n_models, n_own, n_gated, 0 as flow, 0 as gated, 0 as estimated
    from released
    union all
    select quarter, country, lab, licence_class, size_band, week, 0 as n_models, 0 as n_own, 0 as n_gated, flow, gated, estimated
    from downloaded
),

cells as (
    select
        both_sums.quarter,
        levels.level,
        case levels.level when 'lab' then both_sums.lab else both_sums.country end as side,
        arg_max(both_sums.country, (both_sums.week, both_sums.country)) as country,
        both_sums.licence_class,
        both_sums.size_band,
        cast(sum(both_sums.n_models) as bigint) as n_models,
        cast(sum(both_sums.n_own) as bigint) as n_own,
        sum(both_sums.n_gated) as n_gated,
        cast(sum(both_sums.flow) as double) / 7 as flow,
        cast(sum(both_sums.gated) as double) / 7 as gated,
        cast(sum(both_sums.estimated) as double) / 7 as estimated
    from both_sums
    cross join (values ('country'), ('lab')) as levels (level)
    group by
        both_sums.quarter,
        levels.level,
        case levels.level when 'lab' then both_sums.lab else both_sums.country end,
        both_sums.licence_class,
        both_sums.size_band
),

sides as (
    select
        quarter,
        level,
        side,
        sum(n_models) as n_models,
        sum(n_own) as n_own,
        cast(sum(cast(flow as decimal(38, 9))) as double) as flow
    from cells
    group by quarter, level, side
),

quarters as (
    select
        quarter,
        cast(sum(n_models) filter (where country = 'UNKNOWN') as double) / cast(nullif(sum(n_models), 0) as double) as unknown_share
    from cells
    where level = 'country'
    group by quarter
),

covered as (
    select
        quarter,
        cast(sum(days) as bigint) as days
    from staging.quarter_weeks
    group by quarter
)

select
    cells.quarter,
    cells.level,
    cells.side,
    case cells.level when 'lab' then cells.side end as lab,
    cells.country,
    cells.licence_class,
    cells.size_band,
    cells.n_models,
    cells.n_own,
    cast(cells.n_models as double) / cast(nullif(sides.n_models, 0) as double) as share,
    cast(cells.n_own as double) / cast(nullif(sides.n_own, 0) as double) as own_share,
    cast(cells.n_gated as double) / cast(nullif(cells.n_models, 0) as double) as gated_share,
    cells.flow as downloads_flow,
    cells.flow / nullif(sides.flow, 0) as downloads_share,
    cells.gated / nullif(cells.flow, 0) as gated_downloads_share,
    cells.estimated / nullif(cells.flow, 0) as estimated_share,
    coalesce(covered.days, 0) as flow_days,
    coalesce(quarters.unknown_share, 0) as unknown_share,
    coalesce(cells.quarter < latest.captured_from, true) as is_before_capture,
    cells.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from cells
inner join sides on cells.quarter = sides.quarter and cells.level = sides.level and cells.side = sides.side
inner join quarters on cells.quarter = quarters.quarter
left join covered on cells.quarter = covered.quarter
cross join latest
