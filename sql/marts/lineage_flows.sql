/*
meaning: >-
  Who builds on whom - new derivatives of each quarter by the country of the base and that of the author, and the downloads
  that all derivatives between the two brought in that quarter.
grain: [quarter, credit, base_country, derivative_country]
columns:
  quarter: first day of the quarter, UTC
  credit: direct, the base is the parent; root, it is the model where the derivative comes from in the end
  base_country: country of the base's lab at that time; INTERNATIONAL, or UNKNOWN where nobody reviewed its namespace
  derivative_country: country of the author's lab at that time; INTERNATIONAL, or UNKNOWN where nobody reviewed the namespace
  n_models: derivatives created in the quarter, one of several bases shared among them; null where suppressed
  n_default: those of n_models that are neither quantised nor made from the same lab's model; null where suppressed
  share: n_models / all new derivatives by authors of derivative_country in the quarter; null where suppressed
  default_share: n_default / all such derivatives by authors of derivative_country in the quarter; null where suppressed
  downloads_flow: downloads in the quarter through all derivatives of the cell, whenever created; null where suppressed
  downloads_share: downloads_flow / downloads through all derivatives by authors of derivative_country; null where suppressed
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  is_suppressed: whether n_models is under 20, too few to say anything
  all_models: new derivatives of the quarter, those of suppressed cells included
  suppressed_models: part of all_models that lies in suppressed cells, so that n_models and this add up to all_models
  all_flow: downloads through all derivatives in the quarter, those of suppressed cells included
  suppressed_flow: part of all_flow that lies in suppressed cells
  unknown_share: part of all_models whose base's namespace nobody reviewed
  flow_days: days of the quarter whose downloads are known; all downloads are only a part where they are fewer than its days
  is_before_capture: whether the quarter began before the first whole capture, so that only what survived until then is counted
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - one_of: {column: credit, values: [direct, root]}
  - refers_to: {column: base_country, table: registry.countries, key: country}
  - refers_to: {column: derivative_country, table: registry.countries, key: country}
  - between: {column: n_models, min: 20}
  - between: {column: share, min: 0, max: 1.000001}
  - between: {column: downloads_share, min: 0, max: 1.000001}
  - holds: {rule: is_suppressed = (n_models is null) and is_suppressed = (downloads_flow is null), says: a suppressed cell shows no number and every other one does}
  - holds: {rule: suppressed_models <= all_models + 0.000001 and suppressed_flow <= all_flow + 0.000001, says: what is suppressed is a part of the whole}
warnings:
  - Cells are suppressed because few models say little, not to keep a secret. marts.lineage_dependence has the sums by country.
  - A share of downloads counts old derivatives, a share of n_models new ones. They answer different questions.
  - Most authors are in no registry, so derivative_country is UNKNOWN for most derivatives.
  - Before the first capture the Hub's deletions are invisible.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

-- MEASURES 4.5: cells under 20 are suppressed.
judged as (
    select
        *,
        new_models < 20 as is_suppressed
    from staging.lineage_quarters
),

wholes as (
    select
        quarter,
        credit,
        sum(new_models) as all_models,
        coalesce(sum(new_models) filter (where is_suppressed), 0) as suppressed_models,
        coalesce(sum(new_models) filter (where base_country = 'UNKNOWN'), 0) as unknown_models,
        sum(downloads_flow) as all_flow,
        coalesce(sum(downloads_flow) filter (where is_suppressed), 0) as suppressed_flow
    from judged
    group by quarter, credit
),

authors as (
    select
        quarter,
        credit,
        derivative_country,
        cast(sum(new_models) as double) as new_models,
        cast(sum(new_default) as double) as new_default,
        cast(sum(downloads_flow) as double) as downloads_flow
    from judged
    group by quarter, credit, derivative_country
)

select
    judged.quarter,
    judged.credit,
    judged.base_country,
    judged.derivative_country,
    case when not judged.is_suppressed then cast(judged.new_models as double) end as n_models,
    case when not judged.is_suppressed then cast(judged.new_default as double) end as n_default,
    case when not judged.is_suppressed then cast(judged.new_models as double) / nullif(authors.new_models, 0) end as share,
    case when not judged.is_suppressed then cast(judged.new_default as double) / nullif(authors.new_default, 0) end as default_share,
    case when not judged.is_suppressed then cast(judged.downloads_flow as double) end as downloads_flow,
    case when not judged.is_suppressed then cast(judged.downloads_flow as double) / nullif(authors.downloads_flow, 0) end as downloads_share,
    case
        when not judged.is_suppressed then cast(judged.estimated_flow as double) / cast(nullif(judged.downloads_flow, 0) as double)
    end as estimated_share,
    judged.is_suppressed,
    cast(wholes.all_models as double) as all_models,
    cast(wholes.suppressed_models as double) as suppressed_models,
    cast(wholes.all_flow as double) as all_flow,
    cast(wholes.suppressed_flow as double) as suppressed_flow,
    cast(wholes.unknown_models as double) / cast(nullif(wholes.all_models, 0) as double) as unknown_share,
    judged.flow_days,
    coalesce(judged.quarter < latest.captured_from, true) as is_before_capture,
    judged.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from judged
inner join wholes on judged.quarter = wholes.quarter and judged.credit = wholes.credit
inner join authors
    on
        judged.quarter = authors.quarter
        and judged.credit = authors.credit
        and judged.derivative_country = authors.derivative_country
cross join latest
