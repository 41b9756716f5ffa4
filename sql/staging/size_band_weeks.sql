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
with scopes as (
    select
        size_band,
        scopes.scope,
        is_estimate,
        case when scopes.scope = 'S4' then young_flow else downloads_flow end as downloads_flow,
        case when scopes.scope = 'S4' then n_young else n_models end as n_models
    from now.pooled_flow
    inner join (values ('S1'), ('S2'), ('S3'), ('S4')) as scopes (scope)
        on case scopes.scope when 'S2' then is_language when 'S3' then is_large else true end
)

select
    running.week,
    scopes.scope || case when running.is_quick then '-quick' else '' end as scope,
    scopes.size_band,
    cast(sum(scopes.downloads_flow) as decimal(28, 9)) as downloads_flow,
    cast(coalesce(sum(scopes.downloads_flow) filter (where scopes.is_estimate), 0) as decimal(28, 9)) as estimated_flow,
    cast(sum(scopes.n_models) as bigint) as n_models,
    (select max(flow.as_of) from now.flow as flow) as as_of
from scopes
cross join now.week as running
group by running.week, running.is_quick, scopes.scope, scopes.size_band
having sum(scopes.n_models) > 0
