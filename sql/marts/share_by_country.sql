/*
meaning: Who is downloaded, by country and week; the unknown stays visible.
grain: [week, scope, credit, time_window, country]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 all models; S2 text generation and image-text-to-text; S1-quick and S2-quick the same, but only of what a quick capture asked for
  credit: publisher, the lab that uploaded
  time_window: length of time added up; only single weeks so far
  country: ISO 3166-1 alpha-2; INTERNATIONAL (reviewed, has no home); UNKNOWN (namespace not reviewed)
  country_name: short name
  downloads_flow: downloads in the window
  share_of_total: downloads_flow / all downloads in scope, 0..1; null when there were none
  share_of_known: downloads_flow / all downloads of reviewed namespaces, 0..1; null for UNKNOWN
  lower_bound: share of total if none of the unknown belonged here
  upper_bound: share of total if all of the unknown belonged here
  n_models: models with a flow in the window
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  is_estimate: whether any of downloads_flow is estimated from the 30-day counter
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  as_of: last snapshot used
checks:
  - sums_to_one: {column: share_of_total, by: [week, scope, credit, time_window]}
  - sums_to_one: {column: share_of_known, by: [week, scope, credit, time_window]}
  - between: {column: lower_bound, min: 0, max: 1}
  - between: {column: upper_bound, min: 0, max: 1.000000001}
  - holds: {rule: lower_bound <= upper_bound, says: the lower bound lies under the upper}
  - refers_to: {column: country, table: registry.countries, key: country}
warnings:
  - Shares of two scopes never belong in one chart.
  - A download is a request for a file, by people, machines and tests alike; it is not a user.
*/
with by_country as (
    select
        week,
        scope,
        credit,
        time_window,
        country,
        cast(sum(downloads_flow) as double) as downloads_flow,
        coalesce(cast(sum(downloads_flow) filter (where is_estimate) as double), 0) as estimated_flow,
        count(distinct hub_id) as n_models,
        bool_or(is_estimate) as is_estimate,
        max(as_of) as as_of
    from staging.credited_flow
    group by week, scope, credit, time_window, country
),

totals as (
    select
        week,
        scope,
        credit,
        time_window,
        cast(sum(downloads_flow) as double) as total,
        coalesce(cast(sum(downloads_flow) filter (where country <> 'UNKNOWN') as double), 0) as known
    from staging.credited_flow
    group by week, scope, credit, time_window
)

select
    by_country.week,
    by_country.scope,
    by_country.credit,
    by_country.time_window,
    by_country.country,
    coalesce(countries.country_name, by_country.country) as country_name,
    by_country.downloads_flow,
    by_country.downloads_flow / nullif(totals.total, 0) as share_of_total,
    case when by_country.country <> 'UNKNOWN' then by_country.downloads_flow / nullif(totals.known, 0) end as share_of_known,
    case when by_country.country = 'UNKNOWN' then 0 else by_country.downloads_flow / nullif(totals.total, 0) end as lower_bound,
    case
        when by_country.country = 'UNKNOWN' then by_country.downloads_flow / nullif(totals.total, 0)
        else (by_country.downloads_flow + totals.total - totals.known) / nullif(totals.total, 0)
    end as upper_bound,
    by_country.n_models,
    (totals.total - totals.known) / nullif(totals.total, 0) as unknown_share,
    by_country.is_estimate,
    by_country.estimated_flow / nullif(by_country.downloads_flow, 0) as estimated_share,
    by_country.as_of
from by_country
inner join totals
    on
        by_country.week = totals.week
        and by_country.scope = totals.scope
        and by_country.credit = totals.credit
        and by_country.time_window = totals.time_window
left join registry.countries as countries on by_country.country = countries.country
