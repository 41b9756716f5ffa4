/*
meaning: Whether Llama 4 failed.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: best relative adoption of a Llama 4 at 90 days, 1 is the median of the ten best of its size class
  interval_low: the worst of them
  interval_high: the best of them
  reason: the finding in a sentence
*/
with found as (
    select
        count(*) as models,
        min(value) as worst,
        max(value) as best
    from marts.relative_adoption
    where version = 'v1' and age_days = 90 and value is not null and model_name like 'meta-llama/Llama-4-%'
)

select
    case
        when models = 0 then 'not measurable yet'
        when best < 0.5 then 'supported'
        else 'contradicted'
    end as verdict,
    best as number,
    worst as interval_low,
    best as interval_high,
    case
        when models = 0 then 'No Llama 4 was seen from its first day to its ninetieth, and what was downloaded at an age that nobody watched can not be had again.'
        when models = 1 then printf('The one Llama 4 that was followed so long reached %.2f of the median of the ten best of its size class at 90 days.', best)
        else printf('%d models of Llama 4 reached %.2f to %.2f of the median of the ten best of their size class at 90 days.', models, worst, best)
    end as reason
from found
