/*
meaning: In which weeks each model is listed in a scope and gives credit to whom, itself or one it derives from.
kind: view
grain: [scope, credit, model_key, giver_key, from_week]
columns:
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  model_key: our number for the model that gets the credit, below zero for a parent that was never seen
  giver_key: our number for the listed model
  from_week: first week, no earlier than the first there is
  until_week: first week that it no longer holds for; the one after the last at most
*/
with listed as (
    select
        model_key,
        is_language,
        case when is_language and is_after_chatgpt and not is_quantised then large_at end as large_at,
        cast(born_at as date) as born_on,
        -- The last moment of its first 365 days may lie on a midnight.
        cast(born_at - interval 1 second as date) + 366 as grown_on,
        listed_from - 6 as from_on,
        coalesce(gone_on, date '9999-12-31') as until_on
    from staging.traits
),

scoped as (
    select 'S1' as scope, model_key, from_on, until_on
    from listed
    union all
    select 'S2' as scope, model_key, from_on, until_on
    from listed
    where is_language
    union all
    select
        'S3' as scope,
        listed.model_key,
        greatest(listed.from_on, homes.from_on, cast(listed.large_at - interval 1 microsecond as date) - 6) as from_on,
        least(listed.until_on, homes.until_on) as until_on
    from listed
    inner join staging.homes as homes on listed.model_key = homes.model_key and homes.is_first_party
    where listed.large_at is not null
    union all
    select 'S4' as scope, model_key, greatest(from_on, born_on - 6) as from_on, least(until_on, grown_on) as until_on
    from listed
),

known as (
    select
        min(week) as first_week,
        max(week) + 7 as end_week
    from staging.weeks
),

-- A week is its Monday, so a day stands for the first Monday that is no earlier.
rounded as (
    select
        scoped.scope,
        scoped.model_key,
        cast(date_trunc('week', greatest(scoped.from_on, known.first_week) - 1) as date) + 7 as from_week,
        cast(date_trunc('week', least(scoped.until_on, known.end_week) - 1) as date) + 7 as until_week
    from scoped
    cross join known
)

select
    rounded.scope,
    credits.credit,
    rounded.model_key,
    rounded.model_key as giver_key,
    rounded.from_week,
    rounded.until_week
from rounded
inner join staging.traits as traits on rounded.model_key = traits.model_key
inner join (values ('publisher'), ('direct'), ('root')) as credits (credit) on credits.credit = 'publisher' or not traits.is_derived
where rounded.from_week < rounded.until_week
union all
select
    rounded.scope,
    heirs.credit,
    heirs.base_key as model_key,
    rounded.model_key as giver_key,
    rounded.from_week,
    rounded.until_week
from rounded
inner join staging.heirs as heirs on rounded.model_key = heirs.child_key
where rounded.from_week < rounded.until_week
