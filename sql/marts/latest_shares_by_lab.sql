/*
meaning: >-
  The fifty most downloaded labs now, for people to read, the largest first and rounded. The newest week that captures of the
  whole Hub measured, or the newest they saw as long as none is measured.
kind: view
grain: [scope, credit, time_window, place]
columns:
  scope: S1 to S4, as in marts.share_by_lab; with -quick where there are only quick captures
  credit: publisher, direct or root
  time_window: week, 28d, 365d or cumulative, each ending with the week's Sunday
  place: 1 is the most downloads; equal ones by the alphabet
  lab: slug of the lab; hf and the namespace where it was not reviewed
  lab_name: name of the lab, or the namespace as spelled on the Hub
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN
  share_of_total: part of all downloads in scope, to four digits
  upper_bound: share of total if all of the unreviewed namespaces belonged to the lab
  share_of_known: part of all downloads of reviewed namespaces, to four digits; null for an unreviewed one
  downloads_flow: downloads in the window, whole ones
  n_models: models that were there in the week and give the credit, once for each of their parents or roots, as marts.share_by_lab counts
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  estimated_share: part of downloads_flow that is estimated from the 30-day counter; 1 as long as no week is measured
  week: Monday of the week
  as_of: last snapshot used
warnings:
  - For reading. All labs, and unrounded shares to compute with, are in marts.share_by_lab.
  - The small unreviewed namespaces that stand there together as hf:(others) are no lab and not listed.
*/
with ranked as (
    select
        shares.scope,
        shares.credit,
        shares.time_window,
        row_number() over (
            partition by shares.scope, shares.credit, shares.time_window order by shares.downloads_flow desc, shares.lab asc
        ) as place,
        shares.lab,
        shares.lab_name,
        shares.country,
        round(shares.share_of_total, 4) as share_of_total,
        round(shares.upper_bound, 4) as upper_bound,
        round(shares.share_of_known, 4) as share_of_known,
        cast(round(shares.downloads_flow) as bigint) as downloads_flow,
        shares.n_models,
        round(shares.unknown_share, 4) as unknown_share,
        round(shares.estimated_share, 4) as estimated_share,
        shares.week,
        shares.as_of
    from marts.share_by_lab as shares
    inner join staging.newest_week as newest on shares.week = newest.week
    where shares.lab <> 'hf:(others)'
)

select
    scope,
    credit,
    time_window,
    place,
    lab,
    lab_name,
    country,
    share_of_total,
    upper_bound,
    share_of_known,
    downloads_flow,
    n_models,
    unknown_share,
    estimated_share,
    week,
    as_of
from ranked
where place <= 50
order by scope, credit, time_window, place
