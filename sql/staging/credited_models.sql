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
    select tenures.model_key
    from now.week as running
    inner join staging.publishers as publishers
        on publishers.is_first_party and publishers.valid_from <= running.week and running.week < publishers.valid_to
    inner join staging.tenures as tenures
        on publishers.namespace = tenures.namespace and tenures.from_on <= running.week and running.week < tenures.until_on
),

there as (
    select
        traits.model_key,
        coalesce(flow.downloads_flow, 0) as flow_s1,
        coalesce(flow.is_estimate, false) as is_estimate,
        traits.is_language,
        traits.is_language
        and traits.is_after_chatgpt
        and not traits.is_quantised
        and coalesce(traits.large_on <= running.week + 7, false)
        and first_party.model_key is not null as is_large,
        -- The part of its time in the week that lies in its first 365 days, in hours.
        greatest(
            least(168, date_diff('second', cast(running.week as timestamp), traits.born_at) / 3600.0 + 8760)
            - greatest(0, date_diff('second', cast(running.week as timestamp), traits.born_at) / 3600.0),
            0
        ) / greatest(168 - greatest(0, date_diff('second', cast(running.week as timestamp), traits.born_at) / 3600.0), 1.0) as young_part
    from staging.traits as traits
    cross join now.week as running
    left join now.flow as flow on traits.model_key = flow.model_key
    left join first_party on traits.model_key = first_party.model_key
    where
        flow.model_key is not null
        or (traits.listed_from < running.week + 7 and coalesce(traits.gone_on > running.week, true))
),

heirs as (
    select
        'direct' as credit,
        child_key as model_key,
        parent_key as credited_key,
        weight
    from staging.parents
    union all
    select
        'root' as credit,
        model_key,
        root_key as credited_key,
        weight
    from staging.ancestors
),

passed_on as (
    select
        heirs.credit,
        heirs.credited_key as model_key,
        there.flow_s1 * heirs.weight as flow_s1,
        there.is_estimate,
        there.is_language,
        there.is_large,
        there.young_part
    from there
    inner join heirs on there.model_key = heirs.model_key
),

kept as (
    select
        credits.credit,
        there.model_key,
        cast(there.flow_s1 as double) as flow_s1,
        there.is_estimate,
        there.is_language,
        there.is_large,
        there.young_part
    from there
    cross join (values ('publisher'), ('direct'), ('root')) as credits (credit)
    left join (select distinct child_key from staging.parents) as derived
        on case when credits.credit <> 'publisher' then there.model_key end = derived.child_key
    where derived.child_key is null
),

given as (
    select * from kept
    union all
    select * from passed_on
)

select
    credit,
    model_key,
    sum(cast(flow_s1 as decimal(28, 9))) as flow_s1,
    coalesce(sum(cast(flow_s1 as decimal(28, 9))) filter (where is_language), 0) as flow_s2,
    coalesce(sum(cast(flow_s1 as decimal(28, 9))) filter (where is_large), 0) as flow_s3,
    sum(cast(flow_s1 * young_part as decimal(28, 9))) as flow_s4,
    coalesce(sum(cast(flow_s1 as decimal(28, 9))) filter (where is_estimate), 0) as estimated_s1,
    coalesce(sum(cast(flow_s1 as decimal(28, 9))) filter (where is_estimate and is_language), 0) as estimated_s2,
    coalesce(sum(cast(flow_s1 as decimal(28, 9))) filter (where is_estimate and is_large), 0) as estimated_s3,
    coalesce(sum(cast(flow_s1 * young_part as decimal(28, 9))) filter (where is_estimate), 0) as estimated_s4,
    count(*) as models_s1,
    count(*) filter (where is_language) as models_s2,
    count(*) filter (where is_large) as models_s3,
    count(*) filter (where young_part > 0) as models_s4
from given
group by credit, model_key
