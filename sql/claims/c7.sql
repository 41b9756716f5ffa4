/*
meaning: Whether US labs profit from Chinese openness.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: part of the new derivatives by US authors that have a Chinese root, last four full quarters, without quantised forms and own bases
  interval_low: the same if no base of unknown country is Chinese, nor any in a suppressed cell
  interval_high: the same if all of them are
  reason: the finding in a sentence
*/
with quarters as (
    select
        quarter,
        row_number() over (order by quarter desc) as place
    from (select distinct quarter from marts.lineage_flows where not is_running) as full_ones
),

derived as (
    select
        quarters.place <= 4 as is_late,
        sum(dependence.n_default) as total
    from marts.lineage_dependence as dependence
    inner join quarters on dependence.quarter = quarters.quarter
    where dependence.credit = 'root' and dependence.country = 'US' and quarters.place <= 8
    group by quarters.place <= 4
),

based as (
    select
        quarters.place <= 4 as is_late,
        coalesce(sum(flows.n_default) filter (where flows.base_country = 'CN'), 0) as on_china,
        coalesce(sum(flows.n_default) filter (where flows.base_country not in ('CN', 'UNKNOWN')), 0) as on_others
    from marts.lineage_flows as flows
    inner join quarters on flows.quarter = quarters.quarter
    where flows.credit = 'root' and flows.derivative_country = 'US' and quarters.place <= 8
    group by quarters.place <= 4
),

shares as (
    select
        max(based.on_china / derived.total) filter (where derived.is_late) as late,
        max(1 - based.on_others / derived.total) filter (where derived.is_late) as highest,
        max(based.on_china / derived.total) filter (where not derived.is_late) as early,
        max(1 - based.on_others / derived.total) filter (where not derived.is_late) as highest_early
    from derived
    inner join based on derived.is_late = based.is_late
    where derived.total >= 20 and exists (select quarters.place from quarters where quarters.place = 8)
)

select
    case
        when late is null or early is null then 'not measurable yet'
        when late > highest_early then 'supported'
        when highest < early then 'contradicted'
        else 'mixed'
    end as verdict,
    late as number,
    late as interval_low,
    highest as interval_high,
    case
        when late is null or early is null then 'Eight full quarters are needed, with 20 derivatives by US authors in the first four and in the last four.'
        else printf(
            'Of the new derivatives by US authors, neither quantised nor of own bases, '
            || '%.1f to %.1f %% had a Chinese root in the last four full quarters, %.1f to %.1f %% in the four before.',
            100 * late, 100 * highest, 100 * early, 100 * highest_early
        )
    end as reason
from shares
