/*
meaning: >-
  Which licence derivatives are put under, by the licence of the model that they were made from: along every edge from a
  parent to its child, in the quarter of the child's creation.
grain: [quarter, relation, parent_class, child_class]
columns:
  quarter: first day of the quarter in which the derivative was created, UTC
  relation: finetune, adapter, quantized, merge, unspecified; all, for these together
  parent_class: class of the parent's licence when the derivative was created; UNSEEN where the parent was never seen
  child_class: class of the derivative's licence when it was first recorded
  new_models: derivatives; one of several parents is shared among them, so that the numbers add up
  share: new_models / derivatives of parents of that class in that quarter and relation
  is_looser: >-
    whether the child's class allows what its parent's does not: permissive under any other, copyleft under responsible-use, custom or
    non-commercial, responsible-use or custom under non-commercial; null where one of the two states nothing, or is not known
  ungated_models: those of new_models whose parent stood behind a gate and that stand behind none
  is_before_capture: whether the quarter began before the first whole capture
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - sums_to_one: {column: share, by: [quarter, relation, parent_class]}
  - one_of: {column: parent_class, values: [permissive, copyleft, responsible-use, custom, non-commercial, none, UNKNOWN, UNSEEN]}
  - one_of: {column: child_class, values: [permissive, copyleft, responsible-use, custom, non-commercial, none, UNKNOWN]}
  - one_of: {column: relation, values: [all, finetune, adapter, quantized, merge, unspecified]}
  - holds: {rule: new_models > 0, says: no row stands for nothing}
  - holds: {rule: ungated_models <= new_models + 0.000001, says: no more lost a gate than there are}
  - holds: {rule: is_looser is null or parent_class <> child_class or not is_looser, says: a derivative under its parent's class is not looser}
warnings:
  - Classes say what licences allow in general. Whether one derivative breaks one licence only a lawyer can say.
  - Licences of models older than the first capture are those of that capture.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

edges as (
    select
        births.quarter,
        lines.relation,
        case when lines.base_key < 0 then 'UNSEEN' else parents.licence_class end as parent_class,
        births.licence_class as child_class,
        coalesce(parents.is_gated, false) and not births.is_gated as is_ungated,
        cast(lines.weight as decimal(38, 18)) as weight
    from staging.birth_lines as lines
    inner join staging.births as births on lines.child_key = births.model_key
    left join staging.terms as parents
        on lines.base_key = parents.model_key and parents.from_on <= births.week and births.week < parents.until_on
    where lines.credit = 'direct'
),

counted as (
    select
        edges.quarter,
        relations.relation,
        edges.parent_class,
        edges.child_class,
        sum(edges.weight) as new_models,
        coalesce(sum(edges.weight) filter (where edges.is_ungated), 0) as ungated_models
    from edges
    cross join lateral (select unnest([edges.relation, 'all']) as relation) as relations
    group by edges.quarter, relations.relation, edges.parent_class, edges.child_class
),

freedom as (
    select
        classes.licence_class,
        classes.place
    from (
        values ('permissive', 4), ('copyleft', 3), ('responsible-use', 2), ('custom', 2), ('non-commercial', 1)
    ) as classes (licence_class, place)
)

select
    counted.quarter,
    counted.relation,
    counted.parent_class,
    counted.child_class,
    cast(counted.new_models as double) as new_models,
    cast(counted.new_models as double)
    / cast(sum(counted.new_models) over (partition by counted.quarter, counted.relation, counted.parent_class) as double) as share,
    children.place > parents.place as is_looser,
    cast(counted.ungated_models as double) as ungated_models,
    coalesce(counted.quarter < latest.captured_from, true) as is_before_capture,
    counted.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from counted
left join freedom as parents on counted.parent_class = parents.licence_class
left join freedom as children on counted.child_class = children.licence_class
cross join latest
