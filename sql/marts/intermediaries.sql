/*
meaning: >-
  Downloads of a lab's models that go through quantised, merged or adapter models published by others, by quarter; for each
  family its 25 largest intermediaries by name, the others together.
grain: [quarter, family, intermediary, relation]
columns:
  quarter: first day of the quarter, UTC
  family: lab of the root; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  family_country: its country in the newest week of the quarter
  intermediary: lab that published the derived model; hf and the namespace where it was not reviewed; hf:(others) for the small ones and all after the 25th
  intermediary_country: its country in the newest week of the quarter; UNKNOWN for hf:(others)
  relation: quantized, merge or adapter; all, for these together
  rank: place of the intermediary in the family and relation by downloads_flow, 1 is the most; null for hf:(others)
  downloads_flow: downloads in the quarter through such models of this intermediary, as far as they go back to the family
  share_of_intermediaries: downloads_flow / downloads of the family through all intermediaries by the same relation
  share_of_family: downloads_flow / all downloads in the quarter that go back to the family, its own models included
  estimated_share: part of downloads_flow that is estimated from the 30-day counter
  flow_days: days of the quarter whose downloads are known
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - sums_to_one: {column: share_of_intermediaries, by: [quarter, family, relation]}
  - between: {column: share_of_family, min: 0, max: 1.000001}
  - between: {column: downloads_flow, min: 0}
  - one_of: {column: relation, values: [all, quantized, merge, adapter]}
  - refers_to: {column: family_country, table: registry.countries, key: country}
  - refers_to: {column: intermediary_country, table: registry.countries, key: country}
warnings:
  - A lab's own quantised models are no intermediary's and are not here.
  - Finetunes by others are not here either. They are new models and no way to the old one.
*/
with latest as (
    select max(observed_on) as as_of
    from staging.chain
),

summed as (
    select
        quarters.quarter,
        weeks.family,
        arg_max(weeks.family_country, weeks.week) as family_country,
        weeks.intermediary,
        arg_max(weeks.intermediary_country, weeks.week) as intermediary_country,
        relations.relation,
        sum(weeks.downloads_flow * quarters.days) as flow,
        sum(weeks.estimated_flow * quarters.days) as estimated
    from staging.intermediary_weeks as weeks
    inner join staging.quarter_weeks as quarters on weeks.week = quarters.week
    cross join lateral (select unnest([weeks.relation, 'all']) as relation) as relations
    group by quarters.quarter, weeks.family, weeks.intermediary, relations.relation
),

placed as (
    select
        *,
        row_number() over (
            partition by quarter, family, relation order by intermediary = 'hf:(others)' asc, flow desc, intermediary asc
        ) as place
    from summed
),

folded as (
    select
        quarter,
        family,
        max(family_country) as family_country,
        case when place <= 25 then intermediary else 'hf:(others)' end as intermediary,
        case when count(distinct intermediary) = 1 and min(place) <= 25 then min(intermediary_country) else 'UNKNOWN' end as intermediary_country,
        relation,
        sum(flow) as flow,
        sum(estimated) as estimated
    from placed
    group by quarter, family, case when place <= 25 then intermediary else 'hf:(others)' end, relation
),

families as (
    select
        quarters.quarter,
        weeks.lab as family,
        sum(weeks.downloads_flow * quarters.days) as flow
    from staging.lab_weeks as weeks
    inner join staging.quarter_weeks as quarters on weeks.week = quarters.week
    where weeks.scope = 'S1' and weeks.credit = 'root'
    group by quarters.quarter, weeks.lab
),

covered as (
    select
        quarter,
        cast(sum(days) as bigint) as days
    from staging.quarter_weeks
    group by quarter
)

select
    folded.quarter,
    folded.family,
    folded.family_country,
    folded.intermediary,
    folded.intermediary_country,
    folded.relation,
    case
        when folded.intermediary <> 'hf:(others)' then rank() over (
            partition by folded.quarter, folded.family, folded.relation, folded.intermediary = 'hf:(others)' order by folded.flow desc
        )
    end as rank,
    cast(folded.flow as double) / 7 as downloads_flow,
    cast(folded.flow as double)
    / cast(sum(folded.flow) over (partition by folded.quarter, folded.family, folded.relation) as double) as share_of_intermediaries,
    cast(folded.flow as double) / cast(nullif(families.flow, 0) as double) as share_of_family,
    cast(folded.estimated as double) / cast(nullif(folded.flow, 0) as double) as estimated_share,
    covered.days as flow_days,
    folded.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from folded
inner join families on folded.quarter = families.quarter and folded.family = families.family
inner join covered on folded.quarter = covered.quarter
cross join latest
