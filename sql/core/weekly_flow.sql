/*
meaning: >-
  Downloads of each model in each ISO week. Measured where snapshots of the cumulative counter bracket the whole week;
  until then estimated from the rolling 30-day counter, and flagged.
kind: view
grain: [hub_id, week]
columns:
  hub_id: the Hub's immutable id
  week: Monday of the ISO week, UTC
  downloads_flow: >-
    downloads in the week; measured steps are spread evenly over their days. One over more than ten days is cut first where a later snapshot
    tells how high the counter stood on a day between, its cumulative counter less its 30-day counter; what the step brought stays the same
  is_estimate: >-
    whether it is downloads_30d * 7 / 30 of the week's last snapshot instead of a measured difference, or has such a part for the days since
    the model's counter was last told, because its record can't be read or lacks it
  is_bridged: >-
    whether the counter had fallen or the Hub's counters stood still, or a step spans more than ten days, or the snapshots were taken at hours
    too different, so that the week is only known together with others
  source: who captured what it is made from; a week is a quick capture's only when nobody else saw it
  is_flagged: whether to leave the row out when only undisturbed numbers are wanted
  as_of: last snapshot used
warnings:
  - A model without a row in a measured week was listed without being downloaded, or not listed; core.models says from when to when it was.
  - Where source is huggingface_quick, a model may be missing from a week because nobody asked for it.
*/
select
    keys.hub_id,
    flow.week,
    flow.downloads_flow,
    flow.is_estimate,
    flow.is_bridged,
    flow.source,
    flow.is_flagged,
    flow.as_of
from staging.flow as flow
inner join staging.model_keys as keys on flow.model_key = keys.model_key
