/*
meaning: Downloads of each week that a doubter might leave out, each with its reason, by the country that gets the credit.
per: week
grain: [week, scope, credit, country, left_out]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 or S2, as in marts.share_by_country; -quick behind it where only a quick capture saw the week
  credit: publisher, direct or root
  country: country of the lab that gets the credit, in that week
  left_out: >-
    flagged, what was bridged, estimated from a stale counter or came in a suspected spike; largest_models, the ten most downloaded of the scope;
    quantised, re-packs in fewer bits; gated, models for which access had to be asked for
  downloads_flow: their downloads in the week
checks:
  - between: {column: downloads_flow, min: 0}
*/
with largest as (
    (select 'S1' as scope, model_key from now.placed_flow order by downloads_flow desc, model_key asc limit 10)
    union all
    (select 'S2' as scope, model_key from now.placed_flow where is_language order by downloads_flow desc, model_key asc limit 10)
),

-- A model may be left out for several reasons, once for each.
reasons as (
    select
        model_key,
        'flagged' as left_out
    from now.flow
    where is_flagged
    union all
    select
        model_key,
        'quantised' as left_out
    from staging.traits
    where is_quantised
    union all
    select
        model_key,
        'gated' as left_out
    from now.placed_flow
    where is_gated
),

doubted as (
    select
        scopes.scope,
        reasons.left_out,
        placed.model_key,
        placed.lab_key,
        placed.is_derived,
        placed.downloads_flow
    from reasons
    inner join now.placed_flow as placed on reasons.model_key = placed.model_key and placed.downloads_flow > 0
    inner join (values ('S1'), ('S2')) as scopes (scope) on placed.is_language or scopes.scope = 'S1'
    union all
    select
        largest.scope,
        'largest_models' as left_out,
        placed.model_key,
        placed.lab_key,
        placed.is_derived,
        placed.downloads_flow
    from largest
    inner join now.placed_flow as placed on largest.model_key = placed.model_key
),

credited as (
    select
        credits.credit,
        doubted.scope,
        doubted.left_out,
        doubted.lab_key,
        doubted.downloads_flow
    from doubted
    inner join (values ('publisher'), ('direct'), ('root')) as credits (credit) on not doubted.is_derived or credits.credit = 'publisher'
    union all
    select
        passed.credit,
        doubted.scope,
        doubted.left_out,
        passed.base_lab_key as lab_key,
        passed.downloads_flow
    from doubted
    inner join now.passed_flow as passed on doubted.model_key = passed.child_key
)

select
    running.week,
    credited.scope || case when running.is_quick then '-quick' else '' end as scope,
    credited.credit,
    labs.country,
    credited.left_out,
    cast(sum(credited.downloads_flow) as decimal(28, 9)) as downloads_flow
from credited
cross join now.week as running
inner join staging.known_labs as labs on credited.lab_key = labs.lab_key
group by running.week, running.is_quick, credited.scope, credited.credit, labs.country, credited.left_out
