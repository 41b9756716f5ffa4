/*
meaning: Whether Mistral becomes the standard-bearer of the West.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: rank of Mistral by downloads among labs that are not Chinese, S3, publisher, newest 28 days
  interval_low: null, in S3 every publisher is reviewed
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with
-- Weeks that end 28 days of which none is estimated.
months as (
    select week
    from core.weeks
    where is_measured
    qualify count(*) over (order by week range between interval 21 days preceding and current row) = 4
),

newest as (
    select max(shares.week) as week
    from marts.share_by_lab as shares
    semi join months on shares.week = months.week
    where shares.time_window = '28d' and shares.scope = 'S3'
),

ranked as (
    select
        lab,
        downloads_flow,
        rank() over (order by downloads_flow desc) as place,
        downloads_flow / sum(downloads_flow) over () as share
    from marts.share_by_lab
    where
        time_window = '28d' and scope = 'S3' and credit = 'publisher' and country <> 'CN' and downloads_flow > 0
        and week = (select newest.week from newest)
),

found as (
    select
        max(place) filter (where lab = 'mistral') as place,
        max(share) filter (where lab = 'mistral') as share,
        count(*) as labs
    from ranked
)

select
    case
        when place is null then 'not measurable yet'
        when place = 1 then 'supported'
        when place > 3 then 'contradicted'
        else 'mixed'
    end as verdict,
    cast(place as double) as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when place is null then 'Mistral has no downloads in S3 in four measured weeks in a row.'
        else printf('In S3, over four weeks, Mistral is number %d of %d labs that are not Chinese, with %.1f %% of their downloads.', place, labs, 100 * share)
    end as reason
from found
