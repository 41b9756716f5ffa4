/*
meaning: Downloads of each week by size class of the downloaded model.
per: week
grain: [week, scope, size_band]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4; -quick behind it where only a quick capture saw the week
  size_band: size class by parameters_total; unknown where the Hub does not say
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
  n_models: models that were downloaded in the week
  as_of: last snapshot used
*/
with banded as (
    select
        models.size_band,
        sum(credited.flow_s1) as flow_s1,
        sum(credited.flow_s2) as flow_s2,
        sum(credited.flow_s3) as flow_s3,
        sum(credited.flow_s4) as flow_s4,
        sum(credited.estimated_s1) as estimated_s1,
        sum(credited.estimated_s2) as estimated_s2,
        sum(credited.estimated_s3) as estimated_s3,
        sum(credited.estimated_s4) as estimated_s4,
        sum(credited.models_s1) as models_s1,
        sum(credited.models_s2) as models_s2,
        sum(credited.models_s3) as models_s3,
        sum(credited.models_s4) as models_s4
    from now.credited_models as credited
    inner join staging.models as models on credited.model_key = models.model_key
    where credited.credit = 'publisher' and credited.flow_s1 > 0
    group by models.size_band
),

scoped as (
    select 'S1' as scope, size_band, flow_s1 as downloads_flow, estimated_s1 as estimated_flow, models_s1 as n_models from banded
    union all
    select 'S2' as scope, size_band, flow_s2 as downloads_flow, estimated_s2 as estimated_flow, models_s2 as n_models from banded
    union all
    select 'S3' as scope, size_band, flow_s3 as downloads_flow, estimated_s3 as estimated_flow, models_s3 as n_models from banded
    union all
    select 'S4' as scope, size_band, flow_s4 as downloads_flow, estimated_s4 as estimated_flow, models_s4 as n_models from banded
)

select
    running.week,
    scoped.scope || case when running.is_quick then '-quick' else '' end as scope,
    scoped.size_band,
    cast(scoped.downloads_flow as decimal(28, 9)) as downloads_flow,
    cast(scoped.estimated_flow as decimal(28, 9)) as estimated_flow,
    cast(scoped.n_models as bigint) as n_models,
    (select max(flow.as_of) from now.flow as flow) as as_of
from scoped
cross join now.week as running
where scoped.n_models > 0
