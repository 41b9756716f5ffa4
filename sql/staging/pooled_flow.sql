/*
meaning: Downloads of one week, the models added up that are counted alike everywhere; it exists only while its week is being added up.
per: week
kind: passing
grain: [lab_key, licence_class, is_gated, size_band, is_language, is_large, is_derived, is_estimate]
columns:
  lab_key: our number for the lab, as it is in that week
  licence_class: class of the licence in that week
  is_gated: whether access had to be asked for in that week
  size_band: size class by number of parameters
  is_language: whether they are in S2
  is_large: whether they are in S3
  is_derived: whether they have parents that count
  is_estimate: whether the downloads are estimated
  downloads_flow: downloads in the week
  young_flow: those in the first 365 days of the models' lives, as S4 counts them
  n_models: models that were downloaded in the week
  n_young: those of them in S4
*/
select
    lab_key,
    licence_class,
    is_gated,
    size_band,
    is_language,
    is_large,
    is_derived,
    is_estimate,
    cast(sum(downloads_flow) as decimal(18, 6)) as downloads_flow,
    cast(sum(young_flow) as decimal(18, 6)) as young_flow,
    count(*) filter (where downloads_flow > 0) as n_models,
    count(*) filter (where downloads_flow > 0 and is_young) as n_young
from now.placed_flow
group by lab_key, licence_class, is_gated, size_band, is_language, is_large, is_derived, is_estimate
