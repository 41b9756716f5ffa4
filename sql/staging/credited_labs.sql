/*
meaning: Downloads of one week by the lab that gets the credit, every unreviewed namespace apart; it exists only while its week is being added up.
per: week
kind: passing
grain: [credit, lab_key]
columns:
  credit: publisher, direct or root
  lab_key: our number for the lab, as it is in that week
  flow_s1: downloads of all models
  flow_s2: downloads of S2; scopes as in marts.share_by_lab
  flow_s3: downloads of S3
  flow_s4: downloads of S4
  estimated_s1: part of flow_s1 that is estimated; the other three accordingly
  estimated_s2: part of flow_s2 that is estimated
  estimated_s3: part of flow_s3 that is estimated
  estimated_s4: part of flow_s4 that is estimated
*/
with
-- What has no parents is its publisher's by every credit.
credited as (
    select
        credits.credit,
        pooled.lab_key,
        pooled.is_language,
        pooled.is_large,
        pooled.is_estimate,
        pooled.downloads_flow,
        pooled.young_flow
    from now.pooled_flow as pooled
    inner join (values ('publisher'), ('direct'), ('root')) as credits (credit) on credits.credit = 'publisher' or not pooled.is_derived
    union all
    select
        credit,
        base_lab_key as lab_key,
        is_language,
        is_large,
        is_estimate,
        downloads_flow,
        young_flow
    from now.passed_flow
)

select
    credit,
    lab_key,
    cast(sum(downloads_flow) as decimal(18, 6)) as flow_s1,
    cast(coalesce(sum(downloads_flow) filter (where is_language), 0) as decimal(18, 6)) as flow_s2,
    cast(coalesce(sum(downloads_flow) filter (where is_large), 0) as decimal(18, 6)) as flow_s3,
    cast(sum(young_flow) as decimal(18, 6)) as flow_s4,
    cast(coalesce(sum(downloads_flow) filter (where is_estimate), 0) as decimal(18, 6)) as estimated_s1,
    cast(coalesce(sum(downloads_flow) filter (where is_estimate and is_language), 0) as decimal(18, 6)) as estimated_s2,
    cast(coalesce(sum(downloads_flow) filter (where is_estimate and is_large), 0) as decimal(18, 6)) as estimated_s3,
    cast(coalesce(sum(young_flow) filter (where is_estimate), 0) as decimal(18, 6)) as estimated_s4
from credited
group by credit, lab_key
