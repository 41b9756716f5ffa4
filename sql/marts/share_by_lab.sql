/*
meaning: Who is downloaded, by lab and week. A namespace that nobody reviewed is a lab of its own, of unknown country.
grain: [week, scope, credit, time_window, lab]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 all models; S2 text generation and image-text-to-text; S1-quick and S2-quick the same, but only of what a quick capture asked for
  credit: publisher, the lab that uploaded
  time_window: length of time added up; only single weeks so far
  lab: slug of the lab; hf and the namespace where it was not reviewed
  lab_name: name of the lab, or the namespace as spelled on the Hub
  parent: slug of the owning lab, null if none
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN
  rank: place by downloads_flow, 1 is the most; equal flows share a place
  downloads_flow: downloads in the window
  share_of_total: downloads_flow / all downloads in scope, 0..1; null when there were none
  share_of_known: downloads_flow / all downloads of reviewed namespaces; null for an unreviewed namespace
  lower_bound: share of total if none of the unreviewed namespaces belonged to the lab
  upper_bound: share of total if all of them did; for an unreviewed namespace its own share
  n_models: models with a flow in the window
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  is_estimate: whether any of downloads_flow is estimated from the 30-day counter
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  as_of: last snapshot used
checks:
  - sums_to_one: {column: share_of_total, by: [week, scope, credit, time_window]}
  - between: {column: share_of_total, min: 0, max: 1}
  - refers_to: {column: country, table: registry.countries, key: country}
warnings:
  - The country is that of the publishing lab, never of the base model.
*/
with by_lab as (
    select
        week,
        scope,
        credit,
        time_window,
        lab,
        min(country) as country,
        cast(sum(downloads_flow) as double) as downloads_flow,
        coalesce(cast(sum(downloads_flow) filter (where is_estimate) as double), 0) as estimated_flow,
        count(distinct hub_id) as n_models,
        bool_or(is_estimate) as is_estimate,
        max(as_of) as as_of
    from staging.credited_flow
    group by week, scope, credit, time_window, lab
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
    by_lab.week,
    by_lab.scope,
    by_lab.credit,
    by_lab.time_window,
    by_lab.lab,
    coalesce(labs.lab_name, substr(by_lab.lab, 4)) as lab_name,
    labs.parent,
    by_lab.country,
    rank() over (
        partition by by_lab.week, by_lab.scope, by_lab.credit, by_lab.time_window order by by_lab.downloads_flow desc
    ) as rank,
    by_lab.downloads_flow,
    by_lab.downloads_flow / nullif(totals.total, 0) as share_of_total,
    case when by_lab.country <> 'UNKNOWN' then by_lab.downloads_flow / nullif(totals.known, 0) end as share_of_known,
    by_lab.downloads_flow / nullif(totals.total, 0) as lower_bound,
    case
        when by_lab.country = 'UNKNOWN' then by_lab.downloads_flow / nullif(totals.total, 0)
        else (by_lab.downloads_flow + totals.total - totals.known) / nullif(totals.total, 0)
    end as upper_bound,
    by_lab.n_models,
    (totals.total - totals.known) / nullif(totals.total, 0) as unknown_share,
    by_lab.is_estimate,
    by_lab.estimated_flow / nullif(by_lab.downloads_flow, 0) as estimated_share,
    by_lab.as_of
from by_lab
inner join totals
    on
        by_lab.week = totals.week
        and by_lab.scope = totals.scope
        and by_lab.credit = totals.credit
        and by_lab.time_window = totals.time_window
left join registry.labs as labs
    on by_lab.lab = labs.lab and by_lab.week >= labs.valid_from and by_lab.week < labs.valid_to
