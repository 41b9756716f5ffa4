/*
meaning: Whether countries that restrict Chinese models do not stop their spread.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: part of the restricting countries with data in which the share of derivatives with a Chinese root did not fall after the restriction
  interval_low: null, there is none to give
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with restrictions as (
    select
        country,
        min(event_on) as restricted_on
    from registry.events
    where kind = 'policy' and lab = 'deepseek' and country in ('CZ', 'AU', 'CA', 'IN', 'US')
    group by country
),

derived as (
    select
        restrictions.country,
        dependence.quarter >= restrictions.restricted_on as is_after,
        sum(dependence.n_default) as total
    from restrictions
    inner join marts.lineage_dependence as dependence on restrictions.country = dependence.country
    where dependence.credit = 'root'
    group by restrictions.country, dependence.quarter >= restrictions.restricted_on
),

based as (
    select
        restrictions.country,
        flows.quarter >= restrictions.restricted_on as is_after,
        coalesce(sum(flows.n_default) filter (where flows.base_country = 'CN'), 0) as on_china,
        coalesce(sum(flows.n_default), 0) as shown
    from restrictions
    inner join marts.lineage_flows as flows on restrictions.country = flows.derivative_country
    where flows.credit = 'root'
    group by restrictions.country, flows.quarter >= restrictions.restricted_on
),

shares as (
    select
        derived.country,
        max(based.on_china / derived.total) filter (where derived.is_after) as after,
        max(based.on_china / derived.total) filter (where not derived.is_after) as before
    from derived
    inner join based on derived.country = based.country and derived.is_after = based.is_after
    -- Where much lies in suppressed cells, nothing can be said.
    where derived.total >= 20 and based.shown >= 0.8 * derived.total
    group by derived.country
),

counted as (
    select
        cast(count(*) as double) as countries,
        count(*) filter (where after >= before) as not_fallen,
        string_agg(printf('%s %.1f %% to %.1f %%', country, 100 * before, 100 * after), ', ' order by country) as told
    from shares
    where after is not null and before is not null
)

select
    case
        when countries = 0 then 'not measurable yet'
        when not_fallen = countries then 'supported'
        when not_fallen = 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    not_fallen / nullif(countries, 0) as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when countries = 0 then 'No restricting country has 20 derivatives on both sides of its restriction, four fifths of them in cells that are not suppressed.'
        else 'Share of derivatives with a Chinese root before and after the restriction: ' || told || '. Contributors on GitHub are not captured yet.'
    end as reason
from counted
