/*
meaning: Whether the licence of DeepSeek is nearer to unrestricted than that of Llama.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: open share of DeepSeek's own releases minus that of Meta's, last four full quarters, -1..1
  interval_low: null, every release is counted
  interval_high: null, every release is counted
  reason: the finding in a sentence
*/
with recent as (
    select distinct quarter
    from marts.openness_tier
    where not is_running
    order by quarter desc
    limit 4
),

shares as (
    select
        sum(tiers.own_open_share * tiers.n_own) filter (where tiers.lab = 'deepseek') / sum(tiers.n_own) filter (where tiers.lab = 'deepseek') as deepseek,
        sum(tiers.own_open_share * tiers.n_own) filter (where tiers.lab = 'meta') / sum(tiers.n_own) filter (where tiers.lab = 'meta') as meta
    from marts.openness_tier as tiers
    semi join recent on tiers.quarter = recent.quarter
    where tiers.level = 'lab' and tiers.lab in ('deepseek', 'meta') and tiers.n_own > 0
)

select
    case
        when deepseek is null or meta is null then 'not measurable yet'
        when deepseek > meta then 'supported'
        when deepseek < meta then 'contradicted'
        else 'mixed'
    end as verdict,
    deepseek - meta as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when deepseek is null or meta is null then 'One of the two labs released no model of its own in the last four full quarters.'
        else printf('Permissive and ungated are %.0f %% of the own releases of DeepSeek and %.0f %% of those of Meta.', 100 * deepseek, 100 * meta)
    end as reason
from shares
