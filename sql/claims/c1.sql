/*
meaning: Whether Alibaba, Tencent, Baidu and DeepSeek publish actively.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: models of their own work that the four released in the last two full quarters
  interval_low: fewest of one of the four
  interval_high: most of one of the four
  reason: the finding in a sentence
*/
with asked as (
    select
        named.maker,
        named.lab
    from (values ('Alibaba', 'alibaba'), ('Alibaba', 'qwen'), ('Tencent', 'tencent'), ('Baidu', 'baidu'), ('DeepSeek', 'deepseek')) as named (maker, lab)
),

recent as (
    select distinct quarter
    from marts.openness_tier
    where not is_running
    order by quarter desc
    limit 2
),

makers as (
    select
        asked.maker,
        bool_or(tiers.lab is not null) as is_known,
        coalesce(sum(tiers.n_own) filter (where recent.quarter is not null), 0) as releases
    from asked
    left join marts.openness_tier as tiers on asked.lab = tiers.lab and tiers.level = 'lab'
    left join recent on tiers.quarter = recent.quarter
    group by asked.maker
),

counted as (
    select
        bool_or(is_known) as is_known,
        count(*) as makers,
        count(*) filter (where releases > 0) as active,
        sum(releases) as releases,
        min(releases) as fewest,
        max(releases) as most,
        string_agg(maker || ' ' || cast(releases as bigint), ', ' order by maker) as told
    from makers
)

select
    case
        when not is_known then 'not measurable yet'
        when active = makers then 'supported'
        when active = 0 then 'contradicted'
        else 'mixed'
    end as verdict,
    case when is_known then cast(releases as double) end as number,
    case when is_known then cast(fewest as double) end as interval_low,
    case when is_known then cast(most as double) end as interval_high,
    case
        when not is_known then 'None of the four labs is in this data.'
        else 'Own models released in the last two full quarters, by maker: ' || told || '.'
    end as reason
from counted
