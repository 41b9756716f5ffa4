/*
meaning: Downloads of one week that derived models pass on, by whom they are passed on to; it exists only while its week is being added up.
per: week
kind: passing
grain: [credit, child_key, base_key]
columns:
  credit: direct, to the parents; root, to where the model comes from in the end
  child_key: our number for the derived model
  base_key: our number for the parent or root, below zero for a stub
  relation: what the derived model is
  lab_key: our number for the lab of the derived model, as it is in that week
  base_lab_key: our number for the lab of the parent or root, as it is in that week
  is_language: whether the derived model is in S2, to which the downloads then belong, whatever the base is
  is_large: whether it is in S3
  is_estimate: whether the downloads are estimated
  downloads_flow: downloads in the week, by the base's part in the model
  young_flow: those in the first 365 days of the derived model's life
  lineage_flow: downloads_flow to the digits of the lineage tables
*/
select
    heirs.credit,
    heirs.child_key,
    heirs.base_key,
    heirs.relation,
    placed.lab_key,
    bases.lab_key as base_lab_key,
    placed.is_language,
    placed.is_large,
    placed.is_estimate,
    cast(placed.downloads_flow * heirs.weight as decimal(18, 6)) as downloads_flow,
    cast(placed.young_flow * heirs.weight as decimal(18, 6)) as young_flow,
    cast(placed.downloads_flow * heirs.weight as decimal(28, 9)) as lineage_flow
from now.placed_flow as placed
cross join now.week as running
inner join staging.heirs as heirs on placed.model_key = heirs.child_key
inner join staging.homes as bases
    on heirs.base_key = bases.model_key and bases.from_on <= running.week and running.week < bases.until_on
where placed.is_derived and placed.downloads_flow > 0
