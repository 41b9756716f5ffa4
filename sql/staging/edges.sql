/*
meaning: Which model says that it was made from which, by our numbers; all that was ever declared, and which of it counts.
grain: [child_key, parent_name]
columns:
  child_key: our number for the model that was made
  parent_key: our number for the model it was made from; null when no snapshot ever had it
  parent_name: the parent as named by the best evidence
  stub_name: what stands for a parent that no snapshot ever had; the name, or where it can't be one of the Hub's (a path on somebody's disk) the name and the child; null for others
  relation: finetune, adapter, quantized, merge or unspecified; as the newest record that tells it has it
  first_relation: the same, as the first record that tells it has it
  evidence: best evidence for the edge, resolved, tag or card
  first_place: how good the word of its first day is, 1 for resolved, or a tag beside tags for all that was resolved, 2 for another tag, 3 for the card
  is_self_loop: whether the model names itself
  is_used: >-
    whether the newest record declares it, by the best kind of evidence that it has, or as a parent that the Hub can't resolve, by a tag; only these make
    roots
  first_seen_on: first day the edge was declared
  last_seen_on: last day it was declared
checks:
  - one_of: {column: evidence, values: [resolved, tag, card]}
  - one_of: {column: relation, values: [finetune, adapter, quantized, merge, unspecified]}
*/
with declared as (
    select
        spans.model_key as child_key,
        spans.source,
        spans.is_latest,
        spans.observed_on,
        spans.last_on,
        parents.parent_name,
        parents.parent_hub_id,
        parents.relation,
        parents.evidence,
        case parents.evidence when 'resolved' then 1 when 'tag' then 2 else 3 end as place
    from staging.declared_parents as parents
    inner join staging.record_spans as spans
        on
            parents.source = spans.source
            and parents.model_key = spans.listed_key
            and parents.observed_on = spans.observed_on
),

wanted as (
    select distinct
        parent_name,
        lower(parent_name) as folded_name
    from declared
),

-- Names that differ only in case do coexist on the Hub, so an exact match goes first.
exact as (
    select
        names.model_name,
        arg_max(names.model_key, (names.last_seen_on, -names.model_key)) as model_key
    from staging.names as names
    semi join wanted on names.model_name = wanted.parent_name
    group by names.model_name
),

folded as (
    select
        lower(names.model_name) as folded_name,
        arg_max(names.model_key, (names.last_seen_on, -names.model_key)) as model_key
    from staging.names as names
    semi join wanted on lower(names.model_name) = wanted.folded_name
    group by lower(names.model_name)
),

identified as (
    select
        declared.*,
        coalesce(models.model_key, exact.model_key, folded.model_key) as named_key
    from declared
    left join staging.models as models on declared.parent_hub_id = models.hub_id
    left join exact on declared.parent_name = exact.model_name
    left join folded on lower(declared.parent_name) = folded.folded_name
),

-- A parent renamed since we listed it is known by its new name only where the Hub resolved it, and a name given to another
-- model since is resolved anew: what one model means by one name is what was said of it last.
meant as (
    select
        child_key,
        parent_name,
        arg_max(named_key, (last_on, -place, -named_key)) as parent_key
    from identified
    group by child_key, parent_name
),

found as (
    select
        identified.*,
        meant.parent_key
    from identified
    inner join meant on identified.child_key = meant.child_key and identified.parent_name = meant.parent_name
),

-- The Hub resolves no parent that is private or gone, whose part a merge's other parents would inherit. Where the tags name all
-- that it resolved and more, the rest is missing. Where they don't, one of them may be what a resolved parent was called before.
several as (
    select
        child_key,
        source,
        observed_on
    from declared
    where place = 2
    group by child_key, source, observed_on
    having count(*) > 1
),

unresolved as (
    select
        child_key,
        source,
        observed_on
    from (
        select
            found.*,
            coalesce(cast(found.parent_key as varchar), lower(found.parent_name)) as parent
        from found
        semi join several
            on found.child_key = several.child_key and found.source = several.source and found.observed_on = several.observed_on
        where found.place <= 2
    ) as told
    group by child_key, source, observed_on
    having bool_or(place = 1) and count(distinct parent) filter (where place = 2) = count(distinct parent)
),

placed as (
    select
        found.*,
        case when found.place = 2 and unresolved.child_key is not null then 1 else found.place end as standing
    from found
    left join unresolved
        on
            found.child_key = unresolved.child_key
            and found.source = unresolved.source
            and found.observed_on = unresolved.observed_on
),

ranked as (
    select
        *,
        min(case when is_latest then standing end) over (partition by child_key) as best_standing
    from placed
),

-- Without this a merge's other parents would inherit the part of one that was removed.
judged as (
    select
        ranked.*,
        ranked.is_latest and (ranked.standing = ranked.best_standing or removed.model_key is not null) as is_used
    from ranked
    left join (select model_key from staging.models where removed_on is not null) as removed on ranked.parent_key = removed.model_key
),

known as (
    select
        child_key,
        parent_key,
        arg_min(parent_name, (place, parent_name)) as parent_name,
        arg_min(relation, (relation = 'unspecified', not is_latest, date '9999-12-31' - last_on, place, relation)) as relation,
        arg_min(relation, (relation = 'unspecified', observed_on, place, relation)) as first_relation,
        arg_min(evidence, place) as evidence,
        arg_min(standing, (observed_on, standing)) as first_place,
        bool_or(is_used) as is_used,
        min(observed_on) as first_seen_on,
        max(last_on) as last_seen_on
    from judged
    where parent_key is not null
    group by child_key, parent_key
),

missing as (
    select
        child_key,
        arg_min(parent_name, (place, parent_name)) as parent_name,
        arg_min(relation, (relation = 'unspecified', not is_latest, date '9999-12-31' - last_on, place, relation)) as relation,
        arg_min(relation, (relation = 'unspecified', observed_on, place, relation)) as first_relation,
        arg_min(evidence, place) as evidence,
        arg_min(standing, (observed_on, standing)) as first_place,
        bool_or(is_used) as is_used,
        min(observed_on) as first_seen_on,
        max(last_on) as last_seen_on
    from judged
    where parent_key is null
    group by child_key, lower(parent_name)
)

select
    child_key,
    parent_key,
    parent_name,
    null as stub_name,
    relation,
    first_relation,
    evidence,
    first_place,
    child_key = parent_key as is_self_loop,
    is_used,
    first_seen_on,
    last_seen_on
from known
union all
select
    child_key,
    null as parent_key,
    parent_name,
    lower(parent_name)
    || case
        when regexp_full_match(parent_name, '[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?') then ''
        else ' of ' || cast(child_key as varchar)
    end as stub_name,
    relation,
    first_relation,
    evidence,
    first_place,
    false as is_self_loop,
    is_used,
    first_seen_on,
    last_seen_on
from missing
