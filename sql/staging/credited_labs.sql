/*
meaning: Downloads of one week by the lab that gets the credit, every unreviewed namespace apart; it exists only while its week is being added up.
per: week
kind: passing
grain: [scope, credit, lab]
columns:
  scope: S1 to S4, as in marts.share_by_lab; -quick behind it where only a quick capture saw the week
  credit: publisher, direct or root
  lab: slug of the lab, or hf and the namespace
  country: country of the lab in that week
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
  n_models: models that were listed in the week and give credit
*/
with placed as (
    select
        models.credit,
        homes.publisher_key,
        cast(sum(models.flow_s1) as decimal(18, 6)) as flow_s1,
        cast(sum(models.flow_s2) as decimal(18, 6)) as flow_s2,
        cast(sum(models.flow_s3) as decimal(18, 6)) as flow_s3,
        cast(sum(models.flow_s4) as decimal(18, 6)) as flow_s4,
        cast(sum(models.estimated_s1) as decimal(18, 6)) as estimated_s1,
        cast(sum(models.estimated_s2) as decimal(18, 6)) as estimated_s2,
        cast(sum(models.estimated_s3) as decimal(18, 6)) as estimated_s3,
        cast(sum(models.estimated_s4) as decimal(18, 6)) as estimated_s4,
        cast(sum(models.models_s1) as integer) as models_s1,
        cast(sum(models.models_s2) as integer) as models_s2,
        cast(sum(models.models_s3) as integer) as models_s3,
        cast(sum(models.models_s4) as integer) as models_s4
    from now.credited_models as models
    cross join now.week as running
    inner join staging.homes as homes
        on models.model_key = homes.model_key and homes.from_on <= running.week and running.week < homes.until_on
    group by models.credit, homes.publisher_key
),

owned as (
    select
        placed.credit,
        publishers.lab,
        min(publishers.country) as country,
        cast(sum(placed.flow_s1) as decimal(18, 6)) as flow_s1,
        cast(sum(placed.flow_s2) as decimal(18, 6)) as flow_s2,
        cast(sum(placed.flow_s3) as decimal(18, 6)) as flow_s3,
        cast(sum(placed.flow_s4) as decimal(18, 6)) as flow_s4,
        cast(sum(placed.estimated_s1) as decimal(18, 6)) as estimated_s1,
        cast(sum(placed.estimated_s2) as decimal(18, 6)) as estimated_s2,
        cast(sum(placed.estimated_s3) as decimal(18, 6)) as estimated_s3,
        cast(sum(placed.estimated_s4) as decimal(18, 6)) as estimated_s4,
        cast(sum(placed.models_s1) as integer) as models_s1,
        cast(sum(placed.models_s2) as integer) as models_s2,
        cast(sum(placed.models_s3) as integer) as models_s3,
        cast(sum(placed.models_s4) as integer) as models_s4
    from placed
    inner join staging.publishers as publishers on placed.publisher_key = publishers.publisher_key
    group by placed.credit, publishers.lab
),

scoped as (
    select 'S1' as scope, credit, lab, country, flow_s1 as downloads_flow, estimated_s1 as estimated_flow, models_s1 as n_models from owned
    union all
    select 'S2' as scope, credit, lab, country, flow_s2 as downloads_flow, estimated_s2 as estimated_flow, models_s2 as n_models from owned
    union all
    select 'S3' as scope, credit, lab, country, flow_s3 as downloads_flow, estimated_s3 as estimated_flow, models_s3 as n_models from owned
    union all
    select 'S4' as scope, credit, lab, country, flow_s4 as downloads_flow, estimated_s4 as estimated_flow, models_s4 as n_models from owned
)

select
    scoped.scope || case when running.is_quick then '-quick' else '' end as scope,
    scoped.credit,
    scoped.lab,
    scoped.country,
    scoped.downloads_flow,
    scoped.estimated_flow,
    scoped.n_models
from scoped
cross join now.week as running
where scoped.n_models > 0
