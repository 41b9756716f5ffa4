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
with moved as (
    select
        flow.model_key,
        flow.downloads_flow,
        flow.is_flagged,
        traits.is_language,
        traits.is_quantised
    from now.flow as flow
    inner join staging.traits as traits on flow.model_key = traits.model_key
    where flow.downloads_flow > 0
),

gated as (
    select terms.model_key
    from now.week as running
    inner join staging.terms as terms
        on terms.is_gated and terms.from_on <= running.week and running.week < terms.until_on
),

largest as (
    select
        scopes.scope,
        moved.model_key
    from moved
    inner join (values ('S1', false), ('S2', true)) as scopes (scope, is_language)
        on moved.is_language or not scopes.is_language
    qualify row_number() over (partition by scopes.scope order by moved.downloads_flow desc, moved.model_key asc) <= 10
),

-- A model may be left out for several reasons, once for each.
doubted as (
    select
        'flagged' as left_out,
        model_key
    from moved
    where is_flagged
    union all
    select
        'quantised' as left_out,
        model_key
    from moved
    where is_quantised
    union all
    select
        'gated' as left_out,
        model_key
    from gated
),

scoped as (
    select
        'S1' as scope,
        left_out,
        model_key
    from doubted
    union all
    select
        'S2' as scope,
        doubted.left_out,
        doubted.model_key
    from doubted
    inner join moved on doubted.model_key = moved.model_key and moved.is_language
    union all
    select
        scope,
        'largest_models' as left_out,
        model_key
    from largest
),

credited as (
    select
        credits.credit,
        scoped.scope,
        scoped.left_out,
        coalesce(heirs.base_key, moved.model_key) as model_key,
        cast(moved.downloads_flow * coalesce(heirs.weight, 1) as decimal(18, 6)) as downloads_flow
    from scoped
    inner join moved on scoped.model_key = moved.model_key
    cross join (values ('publisher'), ('direct'), ('root')) as credits (credit)
    left join staging.heirs as heirs on credits.credit = heirs.credit and moved.model_key = heirs.child_key
)

select
    running.week,
    credited.scope || case when running.is_quick then '-quick' else '' end as scope,
    credited.credit,
    homes.country,
    credited.left_out,
    cast(sum(credited.downloads_flow) as decimal(28, 9)) as downloads_flow
from credited
cross join now.week as running
inner join staging.homes as homes
    on credited.model_key = homes.model_key and homes.from_on <= running.week and running.week < homes.until_on
group by running.week, running.is_quick, credited.scope, credited.credit, homes.country, credited.left_out
