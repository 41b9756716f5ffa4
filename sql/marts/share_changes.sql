/*
meaning: >-
  Why the share of a country or lab moved between two weeks: by models that are new, by models that gained or lost, and by models
  that came to belong elsewhere. The four parts add up to the change exactly.
grain: [week, weeks_back, scope, credit, level, side]
columns:
  week: Monday of the later ISO week, UTC
  weeks_back: 4, 13 or 52, how many weeks the earlier week lies before it
  since_week: Monday of the earlier week
  scope: S1 all models; S2 text generation and image-text-to-text
  credit: publisher, the lab that uploaded
  level: country or lab
  side: country or lab that the row is about; the unknown and the small ones together are sides like others, so that all changes add up to 0
  lab: slug of the lab as in marts.share_by_lab, null on rows of countries
  country: code of the country; of a lab, its country in the later week, or in the earlier one where it has nothing in the later
  share_then: share of all downloads in the earlier week, 0..1, as in marts.share_by_country and marts.share_by_lab
  share_now: share of all downloads in the later week
  change: share_now - share_then
  entry: part of the change by models under 90 days old when the later week ends
  growth: part of it by the other models whose own share rose
  decay: part of it by the other models whose own share fell, those that are gone included; never above 0
  reclassification: share that models had in the earlier week which belonged to another side then, less that of models which belong to another now
  n_models: models that were there in the later week, as marts.share_by_country counts
  unknown_share: part of the downloads of the later week whose namespace was not reviewed
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [country, lab]}
  - not_null: [change, entry, growth, decay, reclassification, country]
  - holds: {rule: abs(change - (entry + growth + decay + reclassification)) < 1e-9, says: the four parts add up to the change}
  - holds: {rule: growth > -1e-12, says: growth takes nothing away}
  - holds: {rule: decay < 1e-12, says: decay adds nothing}
  - holds: {rule: "(lab is null) = (level = 'country')", says: rows of labs and only those name a lab}
  - between: {column: share_now, min: 0, max: 1}
  - between: {column: share_then, min: 0, max: 1}
warnings:
  - >-
    Only where the same captures of the whole Hub measured both weeks. Four weeks back from every week; 13 and 52 weeks back from the last week
    that begins in a quarter, and from the newest one, whose rows are gone when the next week comes.
  - A model counts as new by its age in the later week. What a young model lost since the earlier week is entry below 0.
  - >-
    Publisher credit, S1 and S2 alone. By root credit a model's downloads are split over its roots, and in S3 and S4 a model
    leaves or enters the scope by itself, so that these four parts would not say why.
  - Reclassification is about the registry, transfers and renamed owners. Nothing was downloaded more or less for it.
*/
with levels as (
    select
        moves.week,
        moves.weeks_back,
        moves.scope,
        levels.level,
        moves.part,
        case levels.level when 'country' then homes.country else homes.lab end as side,
        case levels.level when 'country' then former.country else former.lab end as former_side,
        homes.country,
        former.country as former_country,
        moves.flow_now,
        moves.flow_then
    from staging.share_moves as moves
    inner join staging.shown_labs as homes on moves.home_key = homes.home_key
    inner join staging.shown_labs as former on moves.former_home_key = former.home_key
    cross join (values ('country'), ('lab')) as levels (level)
),

totals as (
    select
        week,
        weeks_back,
        scope,
        cast(sum(flow_now) as double) as total_now,
        cast(sum(flow_then) as double) as total_then
    from staging.share_moves
    group by week, weeks_back, scope
    having sum(flow_now) > 0 and sum(flow_then) > 0
),

-- What a side gets, each flow once as its own and, where it came from another side, once more as taken over.
given as (
    select week, weeks_back, scope, level, side, country, true as is_now, part, flow_now, flow_then
    from levels
    union all
    select week, weeks_back, scope, level, side, country, true as is_now, 'taken over' as part, 0 as flow_now, flow_then
    from levels
    where side <> former_side
    union all
    select week, weeks_back, scope, level, former_side as side, former_country as country, false as is_now, 'given away' as part, 0 as flow_now, flow_then
    from levels
    where side <> former_side
),

summed as (
    select
        given.week,
        given.weeks_back,
        given.scope,
        given.level,
        given.side,
        coalesce(min(given.country) filter (where given.is_now), min(given.country)) as country,
        coalesce(sum(given.flow_now) filter (where given.part = 'entry'), 0) as entry_now,
        coalesce(sum(given.flow_then) filter (where given.part = 'entry'), 0) as entry_then,
        coalesce(sum(given.flow_now) filter (where given.part = 'growth'), 0) as growth_now,
        coalesce(sum(given.flow_then) filter (where given.part = 'growth'), 0) as growth_then,
        coalesce(sum(given.flow_now) filter (where given.part = 'decay'), 0) as decay_now,
        coalesce(sum(given.flow_then) filter (where given.part = 'decay'), 0) as decay_then,
        coalesce(sum(given.flow_then) filter (where given.part = 'taken over'), 0)
        - coalesce(sum(given.flow_then) filter (where given.part = 'given away'), 0) as moved_then
    from given
    group by given.week, given.weeks_back, given.scope, given.level, given.side
),

shares as (
    select 'country' as level, week, scope, country as side, share_of_total, n_models
    from marts.share_by_country
    where credit = 'publisher' and time_window = 'week'
    union all
    select 'lab' as level, week, scope, lab as side, share_of_total, n_models
    from marts.share_by_lab
    where credit = 'publisher' and time_window = 'week'
),

denominators as (
    select
        week,
        scope,
        max(unknown_share) as unknown_share,
        max(as_of) as as_of
    from marts.share_by_country
    where credit = 'publisher' and time_window = 'week'
    group by week, scope
)

select
    summed.week,
    summed.weeks_back,
    summed.week - cast(7 * summed.weeks_back as integer) as since_week,
    summed.scope,
    'publisher' as credit,
    summed.level,
    summed.side,
    case when summed.level = 'lab' then summed.side end as lab,
    summed.country,
    coalesce(earlier.share_of_total, 0) as share_then,
    coalesce(later.share_of_total, 0) as share_now,
    coalesce(later.share_of_total, 0) - coalesce(earlier.share_of_total, 0) as change,
    cast(summed.entry_now as double) / totals.total_now - cast(summed.entry_then as double) / totals.total_then as entry,
    cast(summed.growth_now as double) / totals.total_now - cast(summed.growth_then as double) / totals.total_then as growth,
    cast(summed.decay_now as double) / totals.total_now - cast(summed.decay_then as double) / totals.total_then as decay,
    cast(summed.moved_then as double) / totals.total_then as reclassification,
    coalesce(later.n_models, 0) as n_models,
    denominators.unknown_share,
    denominators.as_of
from summed
inner join totals on summed.week = totals.week and summed.weeks_back = totals.weeks_back and summed.scope = totals.scope
inner join denominators on summed.week = denominators.week and summed.scope = denominators.scope
-- A side that has no row in a week had no model listed in it.
left join shares as later
    on summed.level = later.level and summed.week = later.week and summed.scope = later.scope and summed.side = later.side
left join shares as earlier
    on
        summed.level = earlier.level
        and summed.week - cast(7 * summed.weeks_back as integer) = earlier.week
        and summed.scope = earlier.scope
        and summed.side = earlier.side
