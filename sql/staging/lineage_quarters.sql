/*
meaning: New derivatives, and downloads through derivatives, by quarter, country of the base and country of the author, before any cell is suppressed.
grain: [quarter, credit, base_country, derivative_country]
columns:
  quarter: first day of the quarter
  credit: direct, the base is the parent; root, it is where the model comes from in the end
  base_country: country of the base's lab at that time
  derivative_country: country of the derived model's lab at that time
  new_models: derivatives created in the quarter, by the parents they declared first
  new_default: those of them that are neither quantised nor made from the same lab's model
  downloads_flow: downloads in the quarter through all derivatives, whenever created
  estimated_flow: part of them that is estimated
  flow_days: days of the quarter whose downloads are known
*/
with born as (
    select
        births.quarter,
        lines.credit,
        lines.base_country,
        births.country as derivative_country,
        -- Rounded, so that three thirds are one and a cell of twenty is no cell of 19.999.
        cast(sum(cast(lines.weight as decimal(38, 18))) as decimal(28, 9)) as new_models,
        cast(
            coalesce(sum(cast(lines.weight as decimal(38, 18))) filter (where lines.relation <> 'quantized' and lines.base_lab <> births.lab), 0)
            as decimal(28, 9)
        ) as new_default
    from staging.birth_lines as lines
    inner join staging.births as births on lines.child_key = births.model_key
    group by births.quarter, lines.credit, lines.base_country, births.country
),

downloaded as (
    select
        quarters.quarter,
        weeks.credit,
        weeks.base_country,
        weeks.derivative_country,
        cast(sum(weeks.downloads_flow * quarters.days) / 7 as decimal(28, 9)) as downloads_flow,
        cast(sum(weeks.estimated_flow * quarters.days) / 7 as decimal(28, 9)) as estimated_flow
    from staging.lineage_weeks as weeks
    inner join staging.quarter_weeks as quarters on weeks.week = quarters.week
    group by quarters.quarter, weeks.credit, weeks.base_country, weeks.derivative_country
),

covered as (
    select
        quarter,
        cast(sum(days) as bigint) as days
    from staging.quarter_weeks
    group by quarter
)

select
    coalesce(born.quarter, downloaded.quarter) as quarter,
    coalesce(born.credit, downloaded.credit) as credit,
    coalesce(born.base_country, downloaded.base_country) as base_country,
    coalesce(born.derivative_country, downloaded.derivative_country) as derivative_country,
    coalesce(born.new_models, 0) as new_models,
    coalesce(born.new_default, 0) as new_default,
    coalesce(downloaded.downloads_flow, 0) as downloads_flow,
    coalesce(downloaded.estimated_flow, 0) as estimated_flow,
    coalesce(covered.days, 0) as flow_days
from born
full join downloaded
    on
        born.quarter = downloaded.quarter
        and born.credit = downloaded.credit
        and born.base_country = downloaded.base_country
        and born.derivative_country = downloaded.derivative_country
left join covered on coalesce(born.quarter, downloaded.quarter) = covered.quarter
