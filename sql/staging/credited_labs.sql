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
with owned as (
    select
        models.credit,
        publishers.lab,
        publishers.country,
        sum(models.flow_s1) as flow_s1,
        sum(models.flow_s2) as flow_s2,
        sum(models.flow_s3) as flow_s3,
        sum(models.flow_s4) as flow_s4,
        sum(models.estimated_s1) as estimated_s1,
        sum(models.estimated_s2) as estimated_s2,
        sum(models.estimated_s3) as estimated_s3,
        sum(models.estimated_s4) as estimated_s4,
        sum(models.models_s1) as models_s1,
        sum(models.models_s2) as models_s2,
        sum(models.models_s3) as models_s3,
        sum(models.models_s4) as models_s4
    from now.credited_models as models
    cross join now.week as running
    inner join staging.tenures as tenures
        on models.model_key = tenures.model_key and tenures.from_on <= running.week and running.week < tenures.until_on
    inner join staging.publishers as publishers
        on
            tenures.namespace = publishers.namespace
            and publishers.valid_from <= running.week
            and running.week < publishers.valid_to
    group by models.credit, publishers.lab, publishers.country
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
    min(scoped.country) as country,
    sum(scoped.downloads_flow) as downloads_flow,
    sum(scoped.estimated_flow) as estimated_flow,
    sum(scoped.n_models) as n_models
from scoped
cross join now.week as running
where scoped.n_models > 0
group by scoped.scope || case when running.is_quick then '-quick' else '' end, scoped.credit, scoped.lab
