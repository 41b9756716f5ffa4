/*
meaning: How much the authors of each country build on bases from abroad, by quarter; 0 is only on bases from home, 1 only on others'.
grain: [quarter, credit, country]
columns:
  quarter: first day of the quarter, UTC
  credit: direct, the base is the parent; root, it is the model where the derivative comes from in the end
  country: country of the authors at that time; INTERNATIONAL, or UNKNOWN where nobody reviewed the namespace
  n_models: derivatives that authors of the country created in the quarter, the sum over all bases
  n_default: those of n_models that are neither quantised nor made from the same lab's model
  dependence: 1 - derivatives of bases from the country itself / n_models; null where suppressed, and for UNKNOWN and INTERNATIONAL
  lower_bound: dependence if all bases of unknown country came from the country itself
  upper_bound: dependence if none of them did, which is dependence
  default_dependence: the same of n_default
  downloads_flow: downloads in the quarter through all derivatives by authors of the country, whenever created
  downloads_dependence: dependence by downloads_flow; null where suppressed, and for UNKNOWN and INTERNATIONAL
  unknown_share: part of n_models whose base's namespace nobody reviewed
  is_suppressed: whether n_models is under 20, too few to say anything
  flow_days: days of the quarter whose downloads are known
  is_before_capture: whether the quarter began before the first whole capture, so that only what survived until then is counted
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - one_of: {column: credit, values: [direct, root]}
  - refers_to: {column: country, table: registry.countries, key: country}
  - between: {column: dependence, min: -0.000001, max: 1}
  - between: {column: default_dependence, min: -0.000001, max: 1}
  - between: {column: downloads_dependence, min: -0.000001, max: 1.000001}
  - holds: {rule: dependence is null or lower_bound <= upper_bound, says: the lower bound lies under the upper}
  - holds: {rule: dependence is null or not is_suppressed, says: too few models make no dependence}
warnings:
  - A quantised copy of a foreign model counts in dependence as much as a long training does. default_dependence leaves such copies out.
  - By direct, a base is whatever the author started from, which may itself be made from a foreign model. root follows it to the end.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

-- Parts of merges were rounded by cell, so that their sum is rounded once more: twenty are not 19.999999999.
authors as (
    select
        quarter,
        credit,
        derivative_country as country,
        cast(sum(new_models) as decimal(28, 6)) as models,
        cast(coalesce(sum(new_models) filter (where base_country = derivative_country), 0) as decimal(28, 6)) as home_models,
        cast(coalesce(sum(new_models) filter (where base_country = 'UNKNOWN'), 0) as decimal(28, 6)) as unknown_models,
        cast(sum(new_default) as decimal(28, 6)) as others,
        cast(coalesce(sum(new_default) filter (where base_country = derivative_country), 0) as decimal(28, 6)) as home_others,
        sum(downloads_flow) as flow,
        coalesce(sum(downloads_flow) filter (where base_country = derivative_country), 0) as home_flow,
        max(flow_days) as flow_days
    from staging.lineage_quarters
    group by quarter, credit, derivative_country
),

judged as (
    select
        *,
        models < 20 as is_suppressed,
        models >= 20 and country not in ('UNKNOWN', 'INTERNATIONAL') as is_shown
    from authors
)

select
    judged.quarter,
    judged.credit,
    judged.country,
    cast(judged.models as double) as n_models,
    cast(judged.others as double) as n_default,
    case when judged.is_shown then 1 - cast(judged.home_models as double) / cast(judged.models as double) end as dependence,
    case
        when judged.is_shown then 1 - cast(judged.home_models + judged.unknown_models as double) / cast(judged.models as double)
    end as lower_bound,
    case when judged.is_shown then 1 - cast(judged.home_models as double) / cast(judged.models as double) end as upper_bound,
    -- The default is a part of all: it may be under 20 where all are not.
    case when judged.is_shown and judged.others >= 20 then 1 - cast(judged.home_others as double) / cast(judged.others as double) end as default_dependence,
    cast(judged.flow as double) as downloads_flow,
    case when judged.is_shown then 1 - cast(judged.home_flow as double) / cast(nullif(judged.flow, 0) as double) end as downloads_dependence,
    cast(judged.unknown_models as double) / cast(nullif(judged.models, 0) as double) as unknown_share,
    judged.is_suppressed,
    judged.flow_days,
    coalesce(judged.quarter < latest.captured_from, true) as is_before_capture,
    judged.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from judged
cross join latest
