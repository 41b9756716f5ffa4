/*
meaning: Downloads of one week by model, with all that decides where they are counted; it exists only while its week is being added up.
per: week
kind: passing
grain: [model_key]
columns:
  model_key: our number for the model
  lab_key: our number for the lab, as it is in that week
  licence_class: class of the licence in that week
  is_gated: whether access had to be asked for in that week
  size_band: size class by number of parameters
  is_language: whether it is in S2, text generation or image-text-to-text
  is_large: whether it is in S3, of S2 what a reviewed lab published itself, no quantised re-pack, created after 2022-11-30, with 100,000 downloads by the end of the week
  is_young: whether it is in S4, some of the week lying in the first 365 days of its life
  is_derived: whether it has parents that count
  is_alone: whether it neither has parents nor is parent or root of others, so that every credit is its own
  is_estimate: whether the downloads are estimated
  downloads_flow: downloads in the week
  young_flow: the part of them in the first 365 days of its life
*/
with aged as (
    select
        flow.model_key,
        flow.downloads_flow,
        flow.is_estimate,
        placements.* exclude (model_key),
        placements.large_at <= running.week + 7 as is_past_large,
        -- Hours from the beginning of the week to its creation, below zero for what was there before.
        date_diff('second', cast(running.week as timestamp), placements.born_at) / 3600.0 as born_after
    from now.flow as flow
    cross join now.week as running
    inner join staging.placements as placements
        on flow.model_key = placements.model_key and placements.from_on <= running.week and running.week < placements.until_on
)

select
    model_key,
    lab_key,
    licence_class,
    is_gated,
    size_band,
    is_language,
    coalesce(is_past_large, false) as is_large,
    born_after > -8760 and born_after < 168 as is_young,
    is_derived,
    is_alone,
    is_estimate,
    downloads_flow,
    -- Of its time in the week the part that lies in its first 365 days.
    case
        when born_after >= 168 then 0
        when born_after >= 168 - 8760 then downloads_flow
        when born_after > -8760 then cast(downloads_flow * (born_after + 8760) / 168 as decimal(18, 6))
        else 0
    end as young_flow
from aged
