/*
meaning: Whether DeepSeek, Qwen 3 and Kimi K2 are openly licensed.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: smallest open share of the own releases of the three labs, all time
  interval_low: the same
  interval_high: largest open share of the three
  reason: the finding in a sentence
*/
with shares as (
    select
        lab,
        sum(own_open_share * n_own) / sum(n_own) as share
    from marts.openness_tier
    where level = 'lab' and lab in ('deepseek', 'qwen', 'moonshot') and n_own > 0
    group by lab
),

counted as (
    select
        count(*) as labs,
        count(*) filter (where share > 0.5) as open_labs,
        min(share) as least,
        max(share) as most,
        string_agg(printf('%s %.0f %%', lab, 100 * share), ', ' order by lab) as told
    from shares
)

select
    case
        when labs < 3 then 'not measurable yet'
        when open_labs = labs then 'supported'
        when open_labs = 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    case when labs = 3 then least end as number,
    case when labs = 3 then least end as interval_low,
    case when labs = 3 then most end as interval_high,
    case
        when labs < 3 then 'Not all of the three labs are in this data.'
        else 'Permissive and ungated among own releases: ' || told || '.'
    end as reason
from counted
