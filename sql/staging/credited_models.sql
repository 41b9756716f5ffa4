/*
meaning: Downloads of one week by the model that gets the credit, in each scope; it exists only while its week is being added up.
per: week
kind: passing
grain: [credit, model_key]
columns:
  credit: publisher, the model itself; direct, its parents; root, where it comes from in the end
  model_key: our number for the model that gets the credit, below zero for a parent that was never seen
  flow_s1: downloads of all models
  flow_s2: downloads of text generation and image-text-to-text
  flow_s3: downloads of those of S2 that a reviewed lab published itself, no quantised re-packs, created after 2022-11-30, with 100,000 downloads by the end of the week
  flow_s4: downloads of all models in the first 365 days of their lives
  estimated_s1: part of flow_s1 that is estimated; the other three accordingly
  estimated_s2: part of flow_s2 that is estimated
  estimated_s3: part of flow_s3 that is estimated
  estimated_s4: part of flow_s4 that is estimated
  models_s1: models that were listed in the week and give credit; the other three accordingly
  models_s2: models of S2
  models_s3: models of S3
  models_s4: models of S4
*/
with first_party as (
    select homes.model_key
    from now.week as running
    inner join staging.homes as homes
        on homes.is_first_party and homes.from_on <= running.week and running.week < homes.until_on
),

aged as (
    select
        traits.model_key,
        traits.is_language,
        traits.is_language
        and traits.is_after_chatgpt
        and not traits.is_quantised
        and coalesce(traits.large_at <= running.week + 7, false) as is_large,
        coalesce(flow.downloads_flow, 0) as flow_s1,
        coalesce(flow.is_estimate, false) as is_estimate,
        -- Hours from the beginning of the week to its creation, below zero for what was there before.
        date_diff('second', cast(running.week as timestamp), traits.born_at) / 3600.0 as born_after
    from staging.traits as traits
    cross join now.week as running
    left join now.flow as flow on traits.model_key = flow.model_key
    where
        flow.model_key is not null
        or (traits.listed_from < running.week + 7 and coalesce(traits.gone_on > running.week, true))
),

there as (
    select
        aged.model_key,
        aged.is_language,
        aged.is_large and first_party.model_key is not null as is_large,
        aged.is_estimate,
        aged.born_after > -8760 and aged.born_after < 168 as is_young,
        aged.flow_s1,
        -- Of its time in the week the part that lies in its first 365 days.
        case
            when aged.born_after >= 168 then 0
            when aged.born_after >= 168 - 8760 then aged.flow_s1
            when aged.born_after > -8760 then cast(aged.flow_s1 * (aged.born_after + 8760) / 168 as decimal(18, 6))
            else 0
        end as flow_s4
    from aged
    left join first_party on aged.model_key = first_party.model_key
),

-- Most models are their own parent and root, so only what is passed on has to be added up.
passed_on as (
    select
        heirs.credit,
        heirs.base_key as model_key,
        there.is_language,
        there.is_large,
        there.is_estimate,
        there.is_young,
        cast(there.flow_s1 * heirs.weight as decimal(18, 6)) as flow_s1,
        cast(there.flow_s4 * heirs.weight as decimal(18, 6)) as flow_s4
    from staging.heirs as heirs
    inner join there on heirs.child_key = there.model_key
),

gained as (
    select
        credit,
        model_key,
        cast(sum(flow_s1) as decimal(18, 6)) as flow_s1,
        cast(coalesce(sum(flow_s1) filter (where is_language), 0) as decimal(18, 6)) as flow_s2,
        cast(coalesce(sum(flow_s1) filter (where is_large), 0) as decimal(18, 6)) as flow_s3,
        cast(sum(flow_s4) as decimal(18, 6)) as flow_s4,
        cast(coalesce(sum(flow_s1) filter (where is_estimate), 0) as decimal(18, 6)) as estimated_s1,
        cast(coalesce(sum(flow_s1) filter (where is_estimate and is_language), 0) as decimal(18, 6)) as estimated_s2,
        cast(coalesce(sum(flow_s1) filter (where is_estimate and is_large), 0) as decimal(18, 6)) as estimated_s3,
        cast(coalesce(sum(flow_s4) filter (where is_estimate), 0) as decimal(18, 6)) as estimated_s4,
        cast(count(*) as integer) as models_s1,
        cast(count(*) filter (where is_language) as integer) as models_s2,
        cast(count(*) filter (where is_large) as integer) as models_s3,
        cast(count(*) filter (where is_young) as integer) as models_s4
    from passed_on
    group by credit, model_key
),

own as (
    select
        credits.credit,
        there.*
    from there
    anti join staging.parents as parents on there.model_key = parents.child_key
    cross join (values ('direct'), ('root')) as credits (credit)
    union all
    select
        'publisher' as credit,
        there.*
    from there
)

select
    coalesce(own.credit, gained.credit) as credit,
    coalesce(own.model_key, gained.model_key) as model_key,
    coalesce(own.flow_s1, 0) + coalesce(gained.flow_s1, 0) as flow_s1,
    coalesce(case when own.is_language then own.flow_s1 else 0 end, 0) + coalesce(gained.flow_s2, 0) as flow_s2,
    coalesce(case when own.is_large then own.flow_s1 else 0 end, 0) + coalesce(gained.flow_s3, 0) as flow_s3,
    coalesce(own.flow_s4, 0) + coalesce(gained.flow_s4, 0) as flow_s4,
    coalesce(case when own.is_estimate then own.flow_s1 else 0 end, 0) + coalesce(gained.estimated_s1, 0) as estimated_s1,
    coalesce(case when own.is_estimate and own.is_language then own.flow_s1 else 0 end, 0) + coalesce(gained.estimated_s2, 0) as estimated_s2,
    coalesce(case when own.is_estimate and own.is_large then own.flow_s1 else 0 end, 0) + coalesce(gained.estimated_s3, 0) as estimated_s3,
    coalesce(case when own.is_estimate then own.flow_s4 else 0 end, 0) + coalesce(gained.estimated_s4, 0) as estimated_s4,
    cast(own.model_key is not null as integer) + coalesce(gained.models_s1, 0) as models_s1,
    cast(coalesce(own.is_language, false) as integer) + coalesce(gained.models_s2, 0) as models_s2,
    cast(coalesce(own.is_large, false) as integer) + coalesce(gained.models_s3, 0) as models_s3,
    cast(coalesce(own.is_young, false) as integer) + coalesce(gained.models_s4, 0) as models_s4
from own
full outer join gained on own.credit = gained.credit and own.model_key = gained.model_key
