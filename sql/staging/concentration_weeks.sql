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
with running as (
    select
        week,
        case when is_quick then '-quick' else '' end as reach
    from now.week
),

sides as (
    select 'lab' as level, scope, credit, downloads_flow as flow, count(*) as many from now.credited_labs group by scope, credit, downloads_flow
    union all
    select level, scope, credit, flow, count(*) as many
    from (
        select 'country' as level, scope, credit, country, sum(downloads_flow) as flow
        from now.credited_labs
        where country <> 'UNKNOWN'
        group by scope, credit, country
    ) as countries
    group by level, scope, credit, flow
    union all
    select 'model' as level, 'S1' || running.reach as scope, models.credit, models.flow_s1 as flow, count(*) as many
    from now.credited_models as models cross join running
    where models.models_s1 > 0
    group by running.reach, models.credit, models.flow_s1
    union all
    select 'model' as level, 'S2' || running.reach as scope, models.credit, models.flow_s2 as flow, count(*) as many
    from now.credited_models as models cross join running
    where models.models_s2 > 0
    group by running.reach, models.credit, models.flow_s2
    union all
    select 'model' as level, 'S3' || running.reach as scope, models.credit, models.flow_s3 as flow, count(*) as many
    from now.credited_models as models cross join running
    where models.models_s3 > 0
    group by running.reach, models.credit, models.flow_s3
    union all
    select 'model' as level, 'S4' || running.reach as scope, models.credit, models.flow_s4 as flow, count(*) as many
    from now.credited_models as models cross join running
    where models.models_s4 > 0
    group by running.reach, models.credit, models.flow_s4
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
        level,
        scope,
        credit,
        cast(sum(flow * many) as double) as total,
        cast(coalesce(sum(many) filter (where flow > 0), 0) as double) as n,
        cast(sum(many) as double) as n_listed
    from sides
    group by level, scope, credit
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
    where totals.total > 0
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
    added.scope,
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
cross join running
