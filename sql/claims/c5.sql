/*
meaning: Whether openness brings standing - foreign derivatives of Chinese bases and likes.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: change of the part of foreign derivatives that have a Chinese root, last four full quarters against the four before; suppressed cells are left out of both
  interval_low: null, every derivative that is known is counted
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with quarters as (
    select
        quarter,
        row_number() over (order by quarter desc) as place
    from (select distinct quarter from marts.lineage_flows where not is_running) as full_ones
),

foreign_ones as (
    select
        quarters.place <= 4 as is_late,
        sum(flows.n_default) filter (where flows.base_country = 'CN') / nullif(sum(flows.n_default), 0) as share
    from marts.lineage_flows as flows
    inner join quarters on flows.quarter = quarters.quarter
    where flows.credit = 'root' and flows.derivative_country not in ('CN', 'UNKNOWN') and quarters.place <= 8
    group by quarters.place <= 4
),

liked as (
    select
        week,
        likes_share,
        row_number() over (order by week) as place,
        row_number() over (order by week desc) as place_back
    from marts.attention
    where level = 'country' and country = 'CN' and scope = 'S1'
),

changes as (
    select
        (select max(share) filter (where is_late) - max(share) filter (where not is_late) from foreign_ones) as derived,
        (
            select
                case when max(place) >= 26 then avg(likes_share) filter (where place_back <= 13) - avg(likes_share) filter (where place <= 13) end
            from liked
        ) as likes
)

select
    case
        when derived is null or likes is null then 'not measurable yet'
        when derived > 0 and likes > 0 then 'supported'
        when derived <= 0 and likes <= 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    derived as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when derived is null then 'Eight full quarters of foreign derivatives are not known.'
        when likes is null then 'Likes need 26 measured weeks.'
        else printf(
            'China as the root of foreign derivatives changed by %+.1f points over a year, its share of new likes by %+.1f points between the first and the last 13 weeks.',
            100 * derived, 100 * likes
        )
    end as reason
from changes
