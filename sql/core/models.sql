/*
meaning: Every model ever seen, as our own captures last saw it, or an archive where they never did; removed, disabled and gated ones stay and say so.
kind: view
grain: [hub_id]
columns:
  hub_id: the Hub's immutable id
  model_name: owner/name as last told
  namespace: owner; null for names without one
  created_at: creation, UTC
  pipeline_tag: task, null if none
  library: library, null if none
  licence_id: licence id from the Hub's tag, else from the card; null if none is stated
  licence_class: class of the licence; none if none is stated, UNKNOWN if the id was not reviewed or the record tells no licences
  is_gated: whether access has to be asked for
  is_disabled: whether the Hub says that the repository is disabled
  parameters_total: number of weights, null if the Hub does not say
  size_band: size class by parameters_total; unknown where it is null
  first_seen_on: day of the first snapshot with it
  last_seen_on: day of the last snapshot with it, readable or not, neither disabled nor called removed; the first one if there is none
  removed_on: day of the first complete snapshot without it, or of the first archive that calls it removed; null if it is there
warnings:
  - parameters_total is what the repository's weights add up to; quantised repacks count fewer than their base.
*/
select
    hub_id,
    model_name,
    namespace,
    created_at,
    pipeline_tag,
    library,
    licence_id,
    licence_class,
    is_gated,
    is_disabled,
    parameters_total,
    size_band,
    first_seen_on,
    last_seen_on,
    removed_on
from staging.models
