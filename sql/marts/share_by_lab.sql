/*
meaning: Who is downloaded, by lab and week. A namespace that nobody reviewed is a lab of its own, of unknown country.
grain: [week, scope, credit, time_window, lab]
columns:
  week: Monday of the window's last ISO week, UTC
  scope: >-
    S1 all models; S2 text generation and image-text-to-text; S3 those of S2 that a reviewed lab published itself, no quantised re-packs,
    created after 2022-11-30, with 100,000 downloads by the end of the week; S4 all models in their first 365 days; both judged week by week,
    so that a longer window adds up its weeks; -quick behind it, the same of what a quick capture asked for
  credit: publisher, the lab that uploaded; direct, the lab of the parent; root, the lab of the model it comes from in the end
  time_window: week; 28d; 365d; cumulative, since the first week in this home
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones of these together
  lab_name: name of the lab, or the namespace as spelled on the Hub
  parent: slug of the owning lab, null if none
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN; the lab's last one of the window
  rank: place by downloads_flow, 1 is the most; equal flows share a place; null for hf:(others), which are many
  downloads_flow: downloads in the window
  share_of_total: downloads_flow / all downloads in scope, 0..1; null when there were none
  share_of_known: downloads_flow / all downloads of reviewed namespaces; null for an unreviewed namespace
  lower_bound: share of total if none of the unreviewed namespaces belonged to the lab
  upper_bound: share of total if all of them did; for an unreviewed namespace its own share
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
  - between: {column: share_of_total, min: 0, max: 1}
  - refers_to: {column: country, table: registry.countries, key: country}
warnings:
  - What a model brought between our last look and its withdrawal is in no counter. In the week in which much is withdrawn, who withdrew it is told too low.
  - The country is that of the publishing lab, never of the base model.
*/
with by_lab as (
    select
        week,
        scope,
        credit,
        time_window,
        lab,
        arg_max(country, last_there) as country,
        sum(downloads_flow) as downloads_flow,
        sum(estimated_flow) as estimated_flow,
        cast(sum(n_models) as bigint) as n_models,
        max(as_of) as as_of
    from staging.lab_windows
    group by week, scope, credit, time_window, lab
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
    from staging.lab_windows
    group by week, scope, credit, time_window
),

-- Long windows go on after the registry's last row for a lab, so that its name and parent stand until they change.
labs as (
    select
        lab,
        lab_name,
        parent,
        lag(valid_from) over (partition by lab order by valid_from) is null as is_first,
        valid_from,
        lead(valid_from, 1, date '9999-12-31') over (partition by lab order by valid_from) as next_from
    from registry.labs
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
    case
        when by_lab.lab <> 'hf:(others)' then rank() over (
            partition by by_lab.week, by_lab.scope, by_lab.credit, by_lab.time_window, by_lab.lab = 'hf:(others)' order by by_lab.downloads_flow desc
        )
    end as rank,
    cast(by_lab.downloads_flow as double) as downloads_flow,
    cast(by_lab.downloads_flow as double) / cast(nullif(totals.total, 0) as double) as share_of_total,
    case when by_lab.country <> 'UNKNOWN' then cast(by_lab.downloads_flow as double) / cast(nullif(totals.known, 0) as double) end as share_of_known,
    cast(by_lab.downloads_flow as double) / cast(nullif(totals.total, 0) as double) as lower_bound,
    case
        when by_lab.country = 'UNKNOWN' then cast(by_lab.downloads_flow as double) / cast(nullif(totals.total, 0) as double)
        else cast(by_lab.downloads_flow + totals.total - totals.known as double) / cast(nullif(totals.total, 0) as double)
    end as upper_bound,
    by_lab.n_models,
    cast(totals.total - totals.known as double) / cast(nullif(totals.total, 0) as double) as unknown_share,
    by_lab.estimated_flow > 0 or (totals.estimated > 0 and totals.estimated = totals.total) as is_estimate,
    cast(by_lab.estimated_flow as double) / cast(nullif(by_lab.downloads_flow, 0) as double) as estimated_share,
    by_lab.as_of
from by_lab
inner join totals
    on
        by_lab.week = totals.week
        and by_lab.scope = totals.scope
        and by_lab.credit = totals.credit
        and by_lab.time_window = totals.time_window
left join labs on by_lab.lab = labs.lab and (labs.is_first or labs.valid_from <= by_lab.week) and by_lab.week < labs.next_from
