/*
meaning: Whether countries that restrict Chinese models do not stop their spread.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: >-
    part of the comparisons that decide anything in which the share did not fall after the restriction, of derivatives with a
    Chinese root by authors of a restricting country, and of its people among the contributors to Chinese labs' repositories
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

-- The quarter of the restriction is on neither side, here and on GitHub.
derived as (
    select
        restrictions.country,
        dependence.quarter >= restrictions.restricted_on as is_after,
        sum(dependence.n_default) as total
    from restrictions
    inner join marts.lineage_dependence as dependence
        on
            restrictions.country = dependence.country
            and (
                dependence.quarter >= restrictions.restricted_on
                or dependence.quarter + interval 3 month <= restrictions.restricted_on
            )
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
    inner join marts.lineage_flows as flows
        on
            restrictions.country = flows.derivative_country
            and (flows.quarter >= restrictions.restricted_on or flows.quarter + interval 3 month <= restrictions.restricted_on)
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
),

-- GitHub: of those who work on the repositories of Chinese labs, how many are from a restricting country. What is hidden or
-- unknown may lie anywhere, so it widens the bounds.
chinese as (
    select
        quarter,
        unit,
        country,
        contributors,
        all_contributors
    from marts.contributor_geography
    where level = 'lab' and lab_country = 'CN' and not is_running and contributors is not null
),

crews as (
    select
        restrictions.country,
        chinese.quarter >= restrictions.restricted_on as is_after,
        chinese.quarter,
        chinese.unit,
        max(chinese.all_contributors) as everybody,
        coalesce(sum(chinese.contributors) filter (where chinese.country = restrictions.country), 0) as lowest,
        coalesce(
            sum(chinese.contributors) filter (where chinese.country in (restrictions.country, 'UNKNOWN', 'OTHER')), 0
        ) as highest
    from restrictions
    inner join chinese
        on
            chinese.quarter >= restrictions.restricted_on
            or chinese.quarter + interval 3 month <= restrictions.restricted_on
    group by restrictions.country, chinese.quarter >= restrictions.restricted_on, chinese.quarter, chinese.unit
),

bounds as (
    select
        country,
        sum(lowest) filter (where is_after) / sum(everybody) filter (where is_after) as after_low,
        sum(highest) filter (where is_after) / sum(everybody) filter (where is_after) as after_high,
        sum(lowest) filter (where not is_after) / sum(everybody) filter (where not is_after) as before_low,
        sum(highest) filter (where not is_after) / sum(everybody) filter (where not is_after) as before_high
    from crews
    group by country
),

on_github as (
    select
        cast(count(*) filter (where after_low >= before_high or after_high < before_low) as double) as countries,
        count(*) filter (where after_low >= before_high) as not_fallen,
        count(*) as compared,
        string_agg(
            printf('%s %.1f-%.1f %% to %.1f-%.1f %%', country, 100 * before_low, 100 * before_high, 100 * after_low, 100 * after_high),
            ', ' order by country
        ) as told
    from bounds
    where after_low is not null and before_low is not null
),

both_sides as (
    select
        counted.countries + on_github.countries as countries,
        counted.not_fallen + on_github.not_fallen as not_fallen,
        counted.countries as hub_countries,
        counted.told as hub_told,
        on_github.compared,
        on_github.told as github_told
    from counted
    cross join on_github
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
        when hub_countries = 0 then 'No restricting country has 20 derivatives on both sides of its restriction, four fifths of them in cells that are not suppressed.'
        else 'Share of derivatives with a Chinese root before and after the restriction: ' || hub_told || '.'
    end
    || case
        when compared = 0 then ' On GitHub the contributors to repositories of Chinese labs are not known on both sides of any restriction.'
        else ' Bounds of the share of contributors to repositories of Chinese labs before and after: ' || github_told || '. Where they overlap, that decides nothing.'
    end as reason
from both_sides
