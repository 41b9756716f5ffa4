/*
meaning: How the downloads of each week are spread over labs, countries and models.
per: week
grain: [week, scope, credit, level]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4
  credit: publisher, direct or root
  level: lab, every unreviewed namespace being one of its own; country, of reviewed labs only; model
  hhi: sum of squared shares, 0 to 10,000
  gini: 0 where all that were downloaded are equal; only those with downloads
  gini_with_zeros: the same over all that were listed
  cr1: share of the first, 0..1
  cr4: share of the first four
  cr10: share of the first ten
  cr100: share of the first hundred
  effective_number: how many equal ones would be as concentrated, 1 / sum of squared shares
  n: how many had downloads
  as_of: last snapshot used
*/
with
-- Models with nobody before or after them get the same by every credit, so equal ones of them are one row for all three.
of_models as (
    select
        credits.credit,
        equals.downloads_flow as flow_s1,
        case when equals.is_language then equals.downloads_flow else 0 end as flow_s2,
        case when equals.is_large then equals.downloads_flow else 0 end as flow_s3,
        equals.young_flow as flow_s4,
        equals.many
    from (
        select downloads_flow, young_flow, is_language, is_large, is_alone, count(*) as many
        from now.placed_flow
        where downloads_flow > 0
        group by downloads_flow, young_flow, is_language, is_large, is_alone
    ) as equals
    inner join (values ('publisher'), ('direct'), ('root')) as credits (credit) on credits.credit = 'publisher' or equals.is_alone
    union all
    select
        credit,
        sum(downloads_flow) as flow_s1,
        sum(case when is_language then downloads_flow else 0 end) as flow_s2,
        sum(case when is_large then downloads_flow else 0 end) as flow_s3,
        sum(young_flow) as flow_s4,
        1 as many
    from (
        select credit, base_key, is_language, is_large, downloads_flow, young_flow
        from now.passed_flow
        union all
        select credits.credit, model_key as base_key, is_language, is_large, downloads_flow, young_flow
        from now.placed_flow
        cross join (values ('direct'), ('root')) as credits (credit)
        where not is_alone and not is_derived and downloads_flow > 0
    ) as gained
    group by credit, base_key
),

units as (
    select 'model' as level, credit, flow_s1, flow_s2, flow_s3, flow_s4, many
    from of_models
    union all
    select 'lab' as level, credit, flow_s1, flow_s2, flow_s3, flow_s4, 1 as many
    from now.credited_labs
    union all
    select
        'country' as level,
        credited.credit,
        sum(credited.flow_s1) as flow_s1,
        sum(credited.flow_s2) as flow_s2,
        sum(credited.flow_s3) as flow_s3,
        sum(credited.flow_s4) as flow_s4,
        1 as many
    from now.credited_labs as credited
    inner join staging.known_labs as labs on credited.lab_key = labs.lab_key
    where labs.country <> 'UNKNOWN'
    group by credited.credit, labs.country
),

sides as (
    select level, 'S1' as scope, credit, flow_s1 as flow, sum(many) as many from units where flow_s1 > 0 group by level, credit, flow_s1
    union all
    select level, 'S2' as scope, credit, flow_s2 as flow, sum(many) as many from units where flow_s2 > 0 group by level, credit, flow_s2
    union all
    select level, 'S3' as scope, credit, flow_s3 as flow, sum(many) as many from units where flow_s3 > 0 group by level, credit, flow_s3
    union all
    select level, 'S4' as scope, credit, flow_s4 as flow, sum(many) as many from units where flow_s4 > 0 group by level, credit, flow_s4
),

-- Equal flows are one row with a count, the largest first, and `above` are those that had more.
ranked as (
    select
        level,
        scope,
        credit,
        flow,
        cast(many as double) as many,
        cast(sum(many) over (partition by level, scope, credit order by flow desc) - many as double) as above
    from sides
),

totals as (
    select
        sides.level,
        sides.scope,
        sides.credit,
        cast(sum(sides.flow * sides.many) as double) as total,
        cast(sum(sides.many) as double) as n,
        cast(any_value(listed.n_listed) as double) as n_listed
    from sides
    inner join staging.listed_counts as listed
        on sides.level = listed.level and sides.scope = listed.scope and sides.credit = listed.credit
    inner join now.week as running on listed.week = running.week
    group by sides.level, sides.scope, sides.credit
),

shared as (
    select
        ranked.level,
        ranked.scope,
        ranked.credit,
        totals.n,
        totals.n_listed,
        ranked.many,
        ranked.above,
        cast(ranked.flow as double) / totals.total as share
    from ranked
    inner join totals
        on ranked.level = totals.level and ranked.scope = totals.scope and ranked.credit = totals.credit
),

-- Added up as decimals, so that the order of adding can't change the last digit.
added as (
    select
        level,
        scope,
        credit,
        n,
        n_listed,
        cast(sum(cast(many * share * share as decimal(38, 18))) as double) as squares,
        cast(sum(cast(share * (many * above + many * (many + 1) / 2) as decimal(38, 18))) as double) as ranks,
        cast(sum(cast(share * least(many, greatest(1 - above, 0)) as decimal(38, 18))) as double) as cr1,
        cast(sum(cast(share * least(many, greatest(4 - above, 0)) as decimal(38, 18))) as double) as cr4,
        cast(sum(cast(share * least(many, greatest(10 - above, 0)) as decimal(38, 18))) as double) as cr10,
        cast(sum(cast(share * least(many, greatest(100 - above, 0)) as decimal(38, 18))) as double) as cr100
    from shared
    group by level, scope, credit, n, n_listed
)

select
    running.week,
    added.scope || case when running.is_quick then '-quick' else '' end as scope,
    added.credit,
    added.level,
    10000 * added.squares as hhi,
    (added.n + 1 - 2 * added.ranks) / added.n as gini,
    (added.n_listed + 1 - 2 * added.ranks) / added.n_listed as gini_with_zeros,
    added.cr1,
    added.cr4,
    added.cr10,
    added.cr100,
    1 / added.squares as effective_number,
    cast(added.n as bigint) as n,
    (select max(flow.as_of) from now.flow as flow) as as_of
from added
cross join now.week as running
