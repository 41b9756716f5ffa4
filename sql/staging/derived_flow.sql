/*
meaning: Downloads of one week through derived models, by whose they are and whose the base is; it exists only while its week is being added up.
per: week
kind: passing
grain: [credit, relation, lab, country, base_lab, base_country]
columns:
  credit: direct, by the parents; root, by where they come from in the end
  relation: what the derived models are
  lab: lab of the derived model in that week
  country: its country
  base_lab: lab of the parent or root in that week
  base_country: its country
  downloads_flow: downloads in the week, a model of several parents shared among them
  estimated_flow: part of them that is estimated
*/
with passed_on as (
    select
        heirs.credit,
        heirs.relation,
        heirs.child_key,
        heirs.base_key,
        cast(flow.downloads_flow * heirs.weight as decimal(28, 9)) as flow,
        flow.is_estimate
    from now.week as running
    inner join now.flow as flow on not running.is_quick
    inner join staging.heirs as heirs on flow.model_key = heirs.child_key
    where flow.downloads_flow > 0
),

homes as (
    select
        homes.model_key,
        homes.lab,
        homes.country
    from staging.homes as homes
    inner join now.week as running on homes.from_on <= running.week and running.week < homes.until_on
)

select
    passed_on.credit,
    passed_on.relation,
    homes.lab,
    homes.country,
    bases.lab as base_lab,
    bases.country as base_country,
    sum(passed_on.flow) as downloads_flow,
    coalesce(sum(passed_on.flow) filter (where passed_on.is_estimate), 0) as estimated_flow
from passed_on
inner join homes on passed_on.child_key = homes.model_key
inner join homes as bases on passed_on.base_key = bases.model_key
group by passed_on.credit, passed_on.relation, homes.lab, homes.country, bases.lab, bases.country
