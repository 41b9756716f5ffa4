/*
meaning: Which sizes of models are downloaded, by week, and whether the demand for a size is rising.
grain: [week, scope, level, size_band]
columns:
  week: Monday of the ISO week, UTC
  scope: >-
    S1 all models; S2 text generation and image-text-to-text; S3 those of S2 that a reviewed lab published itself, no quantised re-packs,
    created after 2022-11-30, with 100,000 downloads; S4 all models in their first 365 days; -quick behind it, the same of what a quick capture asked for
  credit: publisher; every model stands for itself
  time_window: week, the only length here
  level: band, the size classes of core.models; class, these put together as small, mid and large
  size_band: <1B to >250B; small (under 5B parameters), mid (5B up to 50B), large (50B and more); unknown where the Hub does not say
  downloads_flow: downloads in the week
  share_of_total: downloads_flow / all downloads in scope, 0..1; null when there were none
  share_of_known: downloads_flow / all downloads of models whose size is known, 0..1; null for unknown
  share_of_known_4w: median of share_of_known in this week and the three before it; null unless all four were measured
  change_13w: share_of_known_4w minus the same 13 weeks before; null until there are so many weeks
  direction: >-
    rising or falling where change_13w was at least one point up or down in this week and the three before it, else steady;
    null until that can be told
  n_models: models that were downloaded in the week
  unknown_share: part of the downloads in scope whose model's size is unknown
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [band, class]}
  - one_of: {column: direction, values: [rising, falling, steady]}
  - sums_to_one: {column: share_of_total, by: [week, scope, level]}
  - sums_to_one: {column: share_of_known, by: [week, scope, level]}
  - between: {column: downloads_flow, min: 0}
  - holds: {rule: size_band <> 'unknown' or share_of_known is null, says: what has no known size has no share of the known}
warnings:
  - Size is what the weights in the repository add up to, so a mixture of experts counts as a whole, and a quantised re-pack as less than its base.
  - A model without weights in safetensors has no known size; GGUF re-packs of large models are often there.
*/
with levelled as (
    select
        week,
        scope,
        'band' as level,
        size_band,
        downloads_flow,
        estimated_flow,
        n_models
    from staging.size_band_weeks
    union all
    select
        week,
        scope,
        'class' as level,
        case
            when size_band in ('<1B', '1-5B') then 'small'
            when size_band in ('5-10B', '10-50B') then 'mid'
            when size_band in ('50-100B', '100-250B', '>250B') then 'large'
            else size_band
        end as size_band,
        downloads_flow,
        estimated_flow,
        n_models
    from staging.size_band_weeks
),

-- A size without a model in a week stands there with nothing, so that its history has no holes.
grid as (
    select
        weeks.week,
        weeks.scope,
        weeks.as_of,
        sides.level,
        sides.size_band
    from (select week, scope, max(as_of) as as_of from staging.size_band_weeks group by week, scope) as weeks
    inner join (select distinct scope, level, size_band from levelled) as sides on weeks.scope = sides.scope
),

summed as (
    select
        grid.week,
        grid.scope,
        grid.level,
        grid.size_band,
        grid.as_of,
        coalesce(sum(levelled.downloads_flow), 0) as downloads_flow,
        coalesce(sum(levelled.estimated_flow), 0) as estimated_flow,
        cast(coalesce(sum(levelled.n_models), 0) as bigint) as n_models
    from grid
    left join levelled
        on
            grid.week = levelled.week
            and grid.scope = levelled.scope
            and grid.level = levelled.level
            and grid.size_band = levelled.size_band
    group by grid.week, grid.scope, grid.level, grid.size_band, grid.as_of
),

totals as (
    select
        week,
        scope,
        level,
        sum(downloads_flow) as total,
        sum(estimated_flow) as estimated,
        coalesce(sum(downloads_flow) filter (where size_band <> 'unknown'), 0) as known
    from summed
    group by week, scope, level
),

shared as (
    select
        summed.*,
        cast(summed.downloads_flow as double) / cast(nullif(totals.total, 0) as double) as share_of_total,
        case when summed.size_band <> 'unknown' then cast(summed.downloads_flow as double) / cast(nullif(totals.known, 0) as double) end as share_of_known,
        cast(totals.total - totals.known as double) / cast(nullif(totals.total, 0) as double) as unknown_share,
        totals.estimated < totals.total as is_measured
    from summed
    inner join totals on summed.week = totals.week and summed.scope = totals.scope and summed.level = totals.level
),

smoothed as (
    select
        *,
        case when count(share_of_known) filter (where is_measured) over four_weeks = 4 then median(share_of_known) over four_weeks end as share_of_known_4w
    from shared
    window four_weeks as (
        partition by scope, level, size_band order by week range between interval 21 days preceding and current row
    )
),

compared as (
    select
        *,
        share_of_known_4w - max(share_of_known_4w) over (
            partition by scope, level, size_band order by week range between interval 91 days preceding and interval 91 days preceding
        ) as change_13w
    from smoothed
),

held as (
    select
        *,
        count(change_13w) over four_weeks as n_changes,
        min(change_13w) over four_weeks as least_change,
        max(change_13w) over four_weeks as most_change
    from compared
    window four_weeks as (
        partition by scope, level, size_band order by week range between interval 21 days preceding and current row
    )
)

select
    week,
    scope,
    'publisher' as credit,
    'week' as time_window,
    level,
    size_band,
    cast(downloads_flow as double) as downloads_flow,
    share_of_total,
    share_of_known,
    share_of_known_4w,
    change_13w,
    case
        when n_changes < 4 then null
        when least_change >= 0.01 then 'rising'
        when most_change <= -0.01 then 'falling'
        else 'steady'
    end as direction,
    n_models,
    unknown_share,
    cast(estimated_flow as double) / cast(nullif(downloads_flow, 0) as double) as estimated_share,
    as_of
from held
