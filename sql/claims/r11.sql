/*
meaning: Whether use, not headline parameters, is what to track.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: rank correlation of parameters and 30-day downloads over language models, -1..1
  interval_low: the smaller of this and the rank correlation of likes and downloads
  interval_high: the larger of the two
  reason: the finding in a sentence
*/
with newest as (
    select max(observed_on) as observed_on
    from core.snapshots
    where table_name = 'models' and status <> 'partial' and source <> 'huggingface_quick'
),

-- Chosen first, or every reading of every week would be matched with its model.
latest as materialized (
    select
        observations.hub_id,
        observations.likes,
        observations.downloads_30d
    from core.observations as observations
    inner join newest on observations.observed_on = newest.observed_on
    where observations.downloads_30d > 0 and observations.source <> 'huggingface_quick'
),

used as (
    select
        models.parameters_total,
        latest.likes,
        latest.downloads_30d
    from latest
    inner join core.models as models on latest.hub_id = models.hub_id
    where
        models.pipeline_tag in ('text-generation', 'image-text-to-text')
        and models.parameters_total > 0
),

ranked as (
    select
        rank() over (order by parameters_total) + (count(*) over (partition by parameters_total) - 1) / 2.0 as by_size,
        rank() over (order by likes) + (count(*) over (partition by likes) - 1) / 2.0 as by_likes,
        rank() over (order by downloads_30d) + (count(*) over (partition by downloads_30d) - 1) / 2.0 as by_use
    from used
),

correlated as (
    select
        count(*) as models,
        round(corr(by_size, by_use), 6) as size_and_use,
        round(corr(by_likes, by_use), 6) as likes_and_use
    from ranked
)

select
    case
        when models < 100 or size_and_use is null or isnan(size_and_use) then 'not measurable yet'
        when size_and_use < 0.3 then 'supported'
        when size_and_use > 0.7 then 'contradicted'
        else 'mixed'
    end as verdict,
    case when models >= 100 then size_and_use end as number,
    case when models >= 100 then least(size_and_use, likes_and_use) end as interval_low,
    case when models >= 100 then greatest(size_and_use, likes_and_use) end as interval_high,
    case
        when models < 100 or size_and_use is null or isnan(size_and_use) then 'Fewer than 100 language models tell their number of parameters.'
        else printf('Over %d language models the rank correlation with downloads is %.2f for parameters and %.2f for likes.', models, size_and_use, likes_and_use)
    end as reason
from correlated
