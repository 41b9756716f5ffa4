/*
meaning: >-
  New models made from others, by the month of their creation and the home of the model they come from in the end. A
  derivative of two roots is half in each, so that the numbers add up.
grain: [month, level, side, relation, variant]
columns:
  month: first day of the month of creation, UTC
  level: country or lab, of the root
  side: what the row is about, the country or the lab
  lab: slug of the root's lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones; null on country rows
  country: country of the root's lab when the derivative was made; INTERNATIONAL, or UNKNOWN where nobody reviewed the root's namespace
  relation: finetune, adapter, quantized, merge, unspecified; all, for these together
  variant: >-
    all; default, without quantised forms and without derivatives by the root's own lab; atom, the default among text generation and
    image-text-to-text models that were ever seen with more than five downloads
  new_models: derivatives created in the month, each with the part that goes back to this root
  new_authors: namespaces that published them, a guard against farms; an author of several roots counts in each
  share: new_models / new models of all roots in that month, level, relation and variant
  unknown_share: part of those whose root's namespace nobody reviewed
  late_models: part of new_models whose parent was declared only after the first snapshot with the model
  is_before_capture: whether the month began before the first whole capture, so that only what survived until then can be counted
  is_running: whether the month was not over at the last snapshot
  as_of: last snapshot used
checks:
  - sums_to_one: {column: share, by: [month, level, relation, variant]}
  - between: {column: new_models, min: 0}
  - one_of: {column: variant, values: [all, default, atom]}
  - one_of: {column: relation, values: [all, finetune, adapter, quantized, merge, unspecified]}
  - one_of: {column: level, values: [country, lab]}
  - refers_to: {column: country, table: registry.countries, key: country}
  - not_null: [country, share, unknown_share, as_of]
  - holds: {rule: new_models > 0, says: no row stands for nothing}
  - holds: {rule: late_models <= new_models + 0.000001, says: no more are declared late than there are}
  - holds: {rule: "variant = 'all' or relation <> 'quantized'", says: quantised forms are counted in the variant all only}
warnings:
  - The parents that a model declared first count, in the month in which it was created, however late they were declared. So a past month may still grow.
  - Before the first capture the Hub's deletions are invisible. Such months are too low, the older the more.
  - The Hub gives every model older than March 2022 a day in that month.
  - atom is judged by downloads up to now, so new months are lower than they will be.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

-- Each variant is a part of the one before, so one number tells which a part belongs to.
parts as (
    select
        births.month,
        births.week,
        births.namespace,
        lines.relation,
        lines.base_country,
        coalesce(listed.lab, 'hf:(others)') as base_lab,
        lines.is_late,
        case
            when lines.relation = 'quantized' or lines.base_lab = births.lab then 1
            when births.is_language and births.is_used then 3
            else 2
        end as reach,
        cast(lines.weight as decimal(38, 18)) as weight
    from staging.birth_lines as lines
    inner join staging.births as births on lines.child_key = births.model_key
    left join staging.listed_labs as listed on lines.base_lab = listed.lab
    where lines.credit = 'root'
),

counted as (
    select
        month,
        namespace,
        relation,
        base_country,
        base_lab,
        reach,
        max(week) as week,
        sum(weight) as new_models,
        coalesce(sum(weight) filter (where is_late), 0) as late_models
    from parts
    group by month, namespace, relation, base_country, base_lab, reach
),

long as (
    select
        counted.*,
        relations.relation as shown_relation,
        variants.variant,
        levels.level,
        case levels.level when 'lab' then counted.base_lab else counted.base_country end as side
    from counted
    inner join (values ('all', 1), ('default', 2), ('atom', 3)) as variants (variant, least_reach) on counted.reach >= variants.least_reach
    cross join (values ('country'), ('lab')) as levels (level)
    cross join lateral (select unnest([counted.relation, 'all']) as relation) as relations
),

sums as (
    select
        month,
        level,
        side,
        arg_max(base_country, (week, base_country)) as country,
        shown_relation as relation,
        variant,
        sum(new_models) as new_models,
        count(distinct namespace) as new_authors,
        sum(late_models) as late_models
    from long
    group by month, level, side, shown_relation, variant
),

totals as (
    select
        month,
        relation,
        variant,
        sum(new_models) as total,
        coalesce(sum(new_models) filter (where country = 'UNKNOWN'), 0) as unknown
    from sums
    where level = 'country'
    group by month, relation, variant
)

select
    sums.month,
    sums.level,
    sums.side,
    case sums.level when 'lab' then sums.side end as lab,
    sums.country,
    sums.relation,
    sums.variant,
    cast(sums.new_models as double) as new_models,
    sums.new_authors,
    cast(sums.new_models as double) / cast(totals.total as double) as share,
    cast(totals.unknown as double) / cast(totals.total as double) as unknown_share,
    cast(sums.late_models as double) as late_models,
    coalesce(sums.month < latest.captured_from, true) as is_before_capture,
    sums.month + interval 1 month > latest.as_of as is_running,
    latest.as_of
from sums
inner join totals
    on sums.month = totals.month and sums.relation = totals.relation and sums.variant = totals.variant
cross join latest
