/*
meaning: >-
  Who is downloaded now, by country, for people to read, the largest first and rounded. The newest week that captures of the
  whole Hub measured, or the newest they saw as long as none is measured.
kind: view
grain: [scope, credit, time_window, place]
columns:
  scope: S1 to S4, as in marts.share_by_country; with -quick where there are only quick captures
  credit: publisher, direct or root
  time_window: week, 28d, 365d or cumulative, each ending with the week's Sunday
  place: 1 is the most downloads; UNKNOWN stands last
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN
  country_name: short name
  share_of_total: part of all downloads in scope, to four digits
  lower_bound: share of total if none of the unknown belonged here
  upper_bound: share of total if all of the unknown belonged here
  share_of_known: part of all downloads of reviewed namespaces, to four digits; null for UNKNOWN
  downloads_flow: downloads in the window, whole ones
  n_models: models that were there in the week and give the credit, once for each of their parents or roots, as marts.share_by_country counts
  unknown_share: part of the downloads in scope whose namespace was not reviewed
  estimated_share: part of downloads_flow that is estimated from the 30-day counter; 1 as long as no week is measured
  week: Monday of the week
  as_of: last snapshot used
warnings:
  - For reading. Rounded shares need not add up to 1, so compute with marts.share_by_country.
*/
select
    shares.scope,
    shares.credit,
    shares.time_window,
    row_number() over (
        partition by shares.scope, shares.credit, shares.time_window
        order by shares.country = 'UNKNOWN' asc, shares.downloads_flow desc, shares.country asc
    ) as place,
    shares.country,
    shares.country_name,
    round(shares.share_of_total, 4) as share_of_total,
    round(shares.lower_bound, 4) as lower_bound,
    round(shares.upper_bound, 4) as upper_bound,
    round(shares.share_of_known, 4) as share_of_known,
    cast(round(shares.downloads_flow) as bigint) as downloads_flow,
    shares.n_models,
    round(shares.unknown_share, 4) as unknown_share,
    round(shares.estimated_share, 4) as estimated_share,
    shares.week,
    shares.as_of
from marts.share_by_country as shares
inner join staging.newest_week as newest on shares.week = newest.week
order by shares.scope, shares.credit, shares.time_window, place
