/*
meaning: Who is downloaded, by country and week; the unknown stays visible.
grain: [week, scope, credit, time_window, country]
columns:
  week: Monday of the window's last ISO week, UTC
  scope: >-
    S1 all models; S2 text generation and image-text-to-text; S3 those of S2 that a reviewed lab published itself, no quantised re-packs,
    created after 2022-11-30, with 100,000 downloads by the end of the week; S4 all models in their first 365 days; both judged week by week,
    so that a longer window adds up its weeks; -quick behind it, the same of what a quick capture asked for
  credit: publisher, the lab that uploaded; direct, the lab of the parent; root, the lab of the model it comes from in the end
  time_window: week; 28d; 365d; cumulative, since the first week in this home
  country: ISO 3166-1 alpha-2; INTERNATIONAL (reviewed, has no home); UNKNOWN (namespace not reviewed); a longer window adds up weeks, each by the lab's country in that week
  country_name: short name
  downloads_flow: downloads in the window
  share_of_total: downloads_flow / all downloads in scope, 0..1; null when there were none
  share_of_known: downloads_flow / all downloads of reviewed namespaces, 0..1; null for UNKNOWN
  lower_bound: share of total if none of the unknown belonged here
  upper_bound: share of total if all of the unknown belonged here
  n_models: >-
    models that were there in the last week of the window and give the credit, once for each of their parents or roots. One is there from its
    creation, or from the last whole capture that lacked it where it was hidden at first, to the first one that lacks it for good; if it was
    away for a while in between, or the Hub disabled it, it counts all the same
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  is_estimate: whether any of downloads_flow, or all that it is compared with, is estimated from the 30-day counter
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
  - What a model brought between our last look and its withdrawal is in no counter. In the week in which much is withdrawn, who withdrew it is told too low.
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
        sum(downloads_flow) as downloads_flow,
        sum(estimated_flow) as estimated_flow,
        cast(sum(n_models) as bigint) as n_models,
        max(as_of) as as_of
    from staging.lab_windows
    group by week, scope, credit, time_window, country
),

totals as (
    select
        week,
        scope,
        credit,
        time_window,
        sum(downloads_flow) as total,
        sum(estimated_flow) as estimated,
        coalesce(sum(downloads_flow) filter (where country <> 'UNKNOWN'), 0) as known
    from by_country
    group by week, scope, credit, time_window
)

select
    by_country.week,
    by_country.scope,
    by_country.credit,
    by_country.time_window,
    by_country.country,
    coalesce(countries.country_name, by_country.country) as country_name,
    cast(by_country.downloads_flow as double) as downloads_flow,
    cast(by_country.downloads_flow as double) / cast(nullif(totals.total, 0) as double) as share_of_total,
    case when by_country.country <> 'UNKNOWN' then cast(by_country.downloads_flow as double) / cast(nullif(totals.known, 0) as double) end as share_of_known,
    case when by_country.country = 'UNKNOWN' then 0 else cast(by_country.downloads_flow as double) / cast(nullif(totals.total, 0) as double) end as lower_bound,
    case
        when by_country.country = 'UNKNOWN' then cast(by_country.downloads_flow as double) / cast(nullif(totals.total, 0) as double)
        else cast(by_country.downloads_flow + totals.total - totals.known as double) / cast(nullif(totals.total, 0) as double)
    end as upper_bound,
    by_country.n_models,
    cast(totals.total - totals.known as double) / cast(nullif(totals.total, 0) as double) as unknown_share,
    by_country.estimated_flow > 0 or (totals.estimated > 0 and totals.estimated = totals.total) as is_estimate,
    cast(by_country.estimated_flow as double) / cast(nullif(by_country.downloads_flow, 0) as double) as estimated_share,
    by_country.as_of
from by_country
inner join totals
    on
        by_country.week = totals.week
        and by_country.scope = totals.scope
        and by_country.credit = totals.credit
        and by_country.time_window = totals.time_window
left join registry.countries as countries on by_country.country = countries.country
