/*
meaning: Downloads of each week by the lab that gets the credit; small unreviewed namespaces stand together.
per: week
grain: [week, scope, credit, lab]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4
  credit: publisher, direct or root
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab in that week; UNKNOWN where it was not reviewed
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
  n_models: models that were listed in the week and give credit
  as_of: last snapshot used
checks:
  - between: {column: downloads_flow, min: 0}
*/
with by_lab as (
    select
        credited.credit,
        labs.shown_lab as lab,
        min(labs.country) as country,
        sum(credited.flow_s1) as flow_s1,
        sum(credited.flow_s2) as flow_s2,
        sum(credited.flow_s3) as flow_s3,
        sum(credited.flow_s4) as flow_s4,
        sum(credited.estimated_s1) as estimated_s1,
        sum(credited.estimated_s2) as estimated_s2,
        sum(credited.estimated_s3) as estimated_s3,
        sum(credited.estimated_s4) as estimated_s4
    from now.credited_labs as credited
    inner join staging.known_labs as labs on credited.lab_key = labs.lab_key
    group by credited.credit, labs.shown_lab
),

downloaded as (
    select 'S1' as scope, credit, lab, country, flow_s1 as downloads_flow, estimated_s1 as estimated_flow from by_lab where flow_s1 > 0
    union all
    select 'S2' as scope, credit, lab, country, flow_s2 as downloads_flow, estimated_s2 as estimated_flow from by_lab where flow_s2 > 0
    union all
    select 'S3' as scope, credit, lab, country, flow_s3 as downloads_flow, estimated_s3 as estimated_flow from by_lab where flow_s3 > 0
    union all
    select 'S4' as scope, credit, lab, country, flow_s4 as downloads_flow, estimated_s4 as estimated_flow from by_lab where flow_s4 > 0
),

there as (
    select
        stocks.scope,
        stocks.credit,
        stocks.lab,
        stocks.country,
        stocks.n_models
    from staging.lab_stocks as stocks
    inner join now.week as running on stocks.week = running.week
    -- What is listed through a week that nobody saw has no row, or longer windows would take it for a week without downloads.
    where not running.is_quick or running.source is not null or exists (select 1 from now.flow)
)

select
    running.week,
    coalesce(there.scope, downloaded.scope) || case when running.is_quick then '-quick' else '' end as scope,
    coalesce(there.credit, downloaded.credit) as credit,
    coalesce(there.lab, downloaded.lab) as lab,
    coalesce(there.country, downloaded.country) as country,
    cast(coalesce(downloaded.downloads_flow, 0) as decimal(28, 9)) as downloads_flow,
    cast(coalesce(downloaded.estimated_flow, 0) as decimal(28, 9)) as estimated_flow,
    coalesce(there.n_models, 0) as n_models,
    (select max(flow.as_of) from now.flow as flow) as as_of
from there
full join downloaded on there.scope = downloaded.scope and there.credit = downloaded.credit and there.lab = downloaded.lab
cross join now.week as running
