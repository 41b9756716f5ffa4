/*
meaning: Downloads of a week beside those of the same models 4, 13 and 52 weeks before, by where the models belong now and belonged then.
per: week
grain: [week, weeks_back, scope, home_key, former_home_key, part]
columns:
  week: Monday of the ISO week, UTC
  weeks_back: how many weeks earlier the other week is
  scope: S1 or S2
  home_key: our number for the lab and country that the models belong to
  former_home_key: our number for the lab and country that they belonged to in the earlier week
  part: entry, models under 90 days old when the week ends; of the others growth, whose part of all downloads rose, and decay, whose part fell
  flow_now: downloads in the week
  flow_then: downloads of the same models in the earlier week
checks:
  - one_of: {column: part, values: [entry, growth, decay]}
  - between: {column: flow_now, min: 0}
  - between: {column: flow_then, min: 0}
*/
with newest as (
    select max(week) as week
    from staging.weeks
    where source is not null and not is_quick
),

-- Four weeks back from every week, the long spans from the last week that begins in a quarter and from the newest.
compared as (
    select
        spans.weeks_back,
        running.week,
        former.week as former_week
    from now.week as running
    cross join (values (4), (13), (52)) as spans (weeks_back)
    cross join newest
    inner join staging.weeks as former
        on
            former.week = running.week - 7 * spans.weeks_back
            and running.source = former.source
            and not former.is_quick
    where
        not running.is_quick
        and (
            spans.weeks_back = 4
            or running.week = newest.week
            or date_trunc('quarter', running.week) <> date_trunc('quarter', running.week + 7)
        )
),

-- Each week alone, so that only its rows are read.
month_ago as (
    select model_key, downloads_flow
    from staging.flow
    where week = (select former_week from compared where weeks_back = 4)
),

quarter_ago as (
    select model_key, downloads_flow
    from staging.flow
    where week = (select former_week from compared where weeks_back = 13)
),

year_ago as (
    select model_key, downloads_flow
    from staging.flow
    where week = (select former_week from compared where weeks_back = 52)
),

flows as (
    select
        coalesce(current.model_key, month_ago.model_key, quarter_ago.model_key, year_ago.model_key) as model_key,
        coalesce(current.downloads_flow, 0) as flow_now,
        coalesce(month_ago.downloads_flow, 0) as flow_4,
        coalesce(quarter_ago.downloads_flow, 0) as flow_13,
        coalesce(year_ago.downloads_flow, 0) as flow_52
    from now.flow as current
    full join month_ago on current.model_key = month_ago.model_key
    full join quarter_ago on coalesce(current.model_key, month_ago.model_key) = quarter_ago.model_key
    full join year_ago on coalesce(current.model_key, month_ago.model_key, quarter_ago.model_key) = year_ago.model_key
),

models as materialized (
    select
        flows.*,
        placements.home_key,
        placements.has_moved,
        placements.is_language,
        placements.born_at > cast(running.week + 7 as timestamp) - interval 90 day as is_young
    from flows
    inner join staging.placements as placements on flows.model_key = placements.model_key
    inner join now.week as running on placements.from_on <= running.week and running.week < placements.until_on
),

totals as (
    select
        cast(sum(flow_now) as double) as now_s1,
        cast(sum(flow_4) as double) as s1_4,
        cast(sum(flow_13) as double) as s1_13,
        cast(sum(flow_52) as double) as s1_52,
        cast(sum(flow_now) filter (where is_language) as double) as now_s2,
        cast(sum(flow_4) filter (where is_language) as double) as s2_4,
        cast(sum(flow_13) filter (where is_language) as double) as s2_13,
        cast(sum(flow_52) filter (where is_language) as double) as s2_52
    from models
),

spans as (
    select
        compared.weeks_back,
        totals.now_s1,
        totals.now_s2,
        case compared.weeks_back when 4 then totals.s1_4 when 13 then totals.s1_13 else totals.s1_52 end as then_s1,
        case compared.weeks_back when 4 then totals.s2_4 when 13 then totals.s2_13 else totals.s2_52 end as then_s2
    from compared
    cross join totals
),

pairs as (
    select
        spans.*,
        models.model_key,
        models.home_key,
        models.has_moved,
        models.is_language,
        models.is_young,
        models.flow_now,
        case spans.weeks_back when 4 then models.flow_4 when 13 then models.flow_13 else models.flow_52 end as flow_then
    from models
    cross join spans
),

former_homes as (
    select
        compared.weeks_back,
        former.model_key,
        former.home_key
    from compared
    inner join staging.placements as former
        on former.from_on <= compared.former_week and compared.former_week < former.until_on and former.until_on <= compared.week
),

-- Few models ever move, and only those have to be looked up.
placed as (
    select
        pairs.*,
        pairs.home_key as former_home_key
    from pairs
    where not pairs.has_moved
    union all
    select
        pairs.*,
        coalesce(former_homes.home_key, pairs.home_key) as former_home_key
    from pairs
    left join former_homes on pairs.weeks_back = former_homes.weeks_back and pairs.model_key = former_homes.model_key
    where pairs.has_moved
),

summed as (
    select
        weeks_back,
        home_key,
        former_home_key,
        is_language,
        is_young,
        flow_now * then_s1 > flow_then * now_s1 as is_rise_s1,
        is_language and flow_now * then_s2 > flow_then * now_s2 as is_rise_s2,
        sum(flow_now) as flow_now,
        sum(flow_then) as flow_then
    from placed
    where flow_now > 0 or flow_then > 0
    group by
        weeks_back,
        home_key,
        former_home_key,
        is_language,
        is_young,
        flow_now * then_s1 > flow_then * now_s1,
        is_language and flow_now * then_s2 > flow_then * now_s2
),

scoped as (
    select 'S1' as scope, summed.is_rise_s1 as is_rise, summed.*
    from summed
    union all
    select 'S2' as scope, summed.is_rise_s2 as is_rise, summed.*
    from summed
    where summed.is_language
)

select
    running.week,
    scoped.weeks_back,
    scoped.scope,
    scoped.home_key,
    scoped.former_home_key,
    case when scoped.is_young then 'entry' when scoped.is_rise then 'growth' else 'decay' end as part,
    sum(scoped.flow_now) as flow_now,
    sum(scoped.flow_then) as flow_then
from scoped
cross join now.week as running
group by
    running.week,
    scoped.weeks_back,
    scoped.scope,
    scoped.home_key,
    scoped.former_home_key,
    case when scoped.is_young then 'entry' when scoped.is_rise then 'growth' else 'decay' end
