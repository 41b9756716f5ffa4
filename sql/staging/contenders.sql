/*
meaning: >-
  The countries and labs that crossovers are looked for between: those that once had the largest part of a calendar quarter's
  measured downloads, in S1 or S2 and by any credit. Sixteen countries and 24 labs at most, so that there are 396 pairs at most.
grain: [level, side]
columns:
  level: country or lab
  side: code of the country, INTERNATIONAL included; slug of the lab, or hf and the namespace
  largest_share: largest part of one quarter's downloads, 0..1
checks:
  - between: {column: largest_share, min: 0, max: 1}
  - holds: {rule: "side not in ('UNKNOWN', 'hf:(others)')", says: what nobody reviewed is no side}
*/
with quarterly as (
    select
        date_trunc('quarter', flows.week) as quarter,
        flows.scope,
        flows.credit,
        flows.lab,
        flows.country,
        sum(flows.downloads_flow) as downloads_flow
    from staging.lab_weeks as flows
    semi join staging.weeks as weeks on flows.week = weeks.week and weeks.source = 'huggingface'
    where flows.scope in ('S1', 'S2')
    group by date_trunc('quarter', flows.week), flows.scope, flows.credit, flows.lab, flows.country
),

totals as (
    select
        quarter,
        scope,
        credit,
        sum(downloads_flow) as total
    from quarterly
    group by quarter, scope, credit
),

sides as (
    select 'country' as level, country as side, quarter, scope, credit, sum(downloads_flow) as downloads_flow
    from quarterly
    where country <> 'UNKNOWN'
    group by country, quarter, scope, credit
    union all
    select 'lab' as level, lab as side, quarter, scope, credit, sum(downloads_flow) as downloads_flow
    from quarterly
    where lab <> 'hf:(others)'
    group by lab, quarter, scope, credit
),

strengths as (
    select
        sides.level,
        sides.side,
        max(cast(sides.downloads_flow as double) / cast(totals.total as double)) as largest_share
    from sides
    inner join totals on sides.quarter = totals.quarter and sides.scope = totals.scope and sides.credit = totals.credit
    where sides.downloads_flow > 0
    group by sides.level, sides.side
)

select
    level,
    side,
    largest_share
from strengths
qualify
    row_number() over (partition by level order by largest_share desc, side asc)
    <= case level when 'country' then 16 else 24 end
