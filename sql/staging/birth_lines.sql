/*
meaning: >-
  From whom each derived model came when it was made, by the parents that it declared first. Later edits of a card change
  nothing here, so that the births of a month stay what they were. From those parents upwards, what counts today counts.
grain: [credit, child_key, base_key, relation]
columns:
  credit: direct, the parents; root, where these come from in the end
  child_key: our number for the model that was made
  base_key: our number for the parent or root, below zero for a stub
  relation: how it was made from the parent by what was declared first, finetune, adapter, quantized, merge or unspecified
  weight: part of the model; the parts of a model add up to 1 for each credit
  is_late: whether the parent was declared only after the first snapshot with the model
  base_lab: lab of the parent or root in the week of the birth
  base_country: its country then
*/
with gone as (
    select
        model_key,
        min(gone_on) as gone_on
    from staging.stays
    where gone_on is not null
    group by model_key
),

ranked as (
    select
        edges.child_key,
        coalesce(edges.parent_key, stubs.model_key) as parent_key,
        edges.first_relation as relation,
        edges.first_seen_on,
        min(edges.first_seen_on) over (partition by edges.child_key) as declared_on,
        rank() over (
            partition by edges.child_key
            order by edges.first_seen_on, edges.first_place
        ) as place,
        coalesce(gone.gone_on <= edges.first_seen_on, false) as was_gone
    from staging.edges as edges
    left join staging.stubs as stubs on edges.stub_name = stubs.stub_name
    left join gone on edges.parent_key = gone.model_key
    anti join staging.cycle_cuts as cuts on edges.child_key = cuts.child_key and edges.parent_key = cuts.parent_key
    where not edges.is_self_loop
),

declared as (
    select
        child_key,
        parent_key,
        relation,
        first_seen_on,
        1.0 / cast(count(*) over (partition by child_key) as double) as weight
    from ranked
    -- The Hub resolves no parent that was removed by then. Without this a merge's other parents would inherit its part.
    where place = 1 or (was_gone and first_seen_on = declared_on)
),

lines as (
    select
        'direct' as credit,
        child_key,
        parent_key as base_key,
        relation,
        first_seen_on,
        weight
    from declared
    union all
    select
        'root' as credit,
        declared.child_key,
        coalesce(ancestors.root_key, declared.parent_key) as base_key,
        declared.relation,
        declared.first_seen_on,
        declared.weight * coalesce(ancestors.weight, 1.0) as weight
    from declared
    left join staging.ancestors as ancestors on declared.parent_key = ancestors.model_key
),

merged as (
    select
        credit,
        child_key,
        base_key,
        relation,
        min(first_seen_on) as first_seen_on,
        cast(sum(cast(weight as decimal(38, 18))) as double) as weight
    from lines
    group by credit, child_key, base_key, relation
)

select
    merged.credit,
    merged.child_key,
    merged.base_key,
    merged.relation,
    merged.weight,
    merged.first_seen_on > models.first_seen_on as is_late,
    homes.lab as base_lab,
    homes.country as base_country
from merged
inner join staging.models as models on merged.child_key = models.model_key
inner join staging.traits as traits on merged.child_key = traits.model_key
inner join staging.homes as homes
    on
        merged.base_key = homes.model_key
        and homes.from_on <= cast(date_trunc('week', traits.born_at) as date)
        and cast(date_trunc('week', traits.born_at) as date) < homes.until_on
