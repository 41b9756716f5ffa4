/*
meaning: Whether before DeepSeek most Chinese models built on Llama.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: part of the new derivatives by Chinese authors before 2025 that have a US root, without quantised forms and own bases
  interval_low: the same if no base of unknown country is American, nor any in a suppressed cell
  interval_high: the same if all of them are
  reason: the finding in a sentence
*/
with derived as (
    select
        quarter < date '2025-01-01' as is_before,
        sum(n_default) as total
    from marts.lineage_dependence
    where credit = 'root' and country = 'CN'
    group by quarter < date '2025-01-01'
),

based as (
    select
        quarter < date '2025-01-01' as is_before,
        coalesce(sum(n_default) filter (where base_country = 'US'), 0) as on_us,
        coalesce(sum(n_default) filter (where base_country not in ('US', 'UNKNOWN')), 0) as on_others
    from marts.lineage_flows
    where credit = 'root' and derivative_country = 'CN'
    group by quarter < date '2025-01-01'
),

shares as (
    select
        max(based.on_us / derived.total) filter (where derived.is_before) as before,
        max(1 - based.on_others / derived.total) filter (where derived.is_before) as highest,
        max(based.on_us / derived.total) filter (where not derived.is_before) as since,
        max(1 - based.on_others / derived.total) filter (where not derived.is_before) as highest_since,
        max(derived.total) filter (where derived.is_before) as n_before
    from derived
    inner join based on derived.is_before = based.is_before
    where derived.total > 0
)

select
    case
        when coalesce(n_before, 0) < 20 or highest - before > 0.5 then 'not measurable yet'
        when highest <= 0.5 then 'contradicted'
        when before > 0.5 and highest_since < before then 'supported'
        else 'mixed'
    end as verdict,
    case when n_before >= 20 and highest - before <= 0.5 then before end as number,
    case when n_before >= 20 and highest - before <= 0.5 then before end as interval_low,
    case when n_before >= 20 and highest - before <= 0.5 then highest end as interval_high,
    case
        when coalesce(n_before, 0) < 20 then 'Fewer than 20 derivatives by Chinese authors from before 2025 are known.'
        when highest - before > 0.5 then 'Of most derivatives by Chinese authors from before 2025 the base is unknown or suppressed.'
        else printf(
            'Of %.0f derivatives by Chinese authors from before 2025 that were seen on the Hub, neither quantised nor of own bases, '
            || '%.0f to %.0f %% have a US root, of which Llama is a part, since then %s.',
            cast(n_before as double), 100 * before, 100 * highest, coalesce(printf('%.0f to %.0f %%', 100 * since, 100 * highest_since), 'nothing is known')
        )
    end as reason
from shares
