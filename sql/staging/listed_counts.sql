/*
meaning: Over how many labs, countries and models the downloads of each week could be spread, downloaded or not.
grain: [week, scope, credit, level]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  level: lab, every unreviewed namespace being one of its own; country, of reviewed labs only; model
  n_listed: how many had a listed model that gives them credit
*/
with
-- Only who can get credit from several models has to be followed model by model.
bases as (
    select distinct
        credit,
        base_key
    from staging.heirs
),

of_bases as (
    select spans.*
    from staging.listed_spans as spans
    semi join bases on spans.credit = bases.credit and spans.model_key = bases.base_key
),

of_others as (
    select spans.*
    from staging.listed_spans as spans
    anti join bases on spans.credit = bases.credit and spans.model_key = bases.base_key
),

countries as (
    select
        country,
        min(lab_key) as country_key
    from staging.known_labs
    where country <> 'UNKNOWN'
    group by country
),

held as (
    select 'lab' as level, scope, credit, lab_key as unit_key, week, change
    from staging.lab_turns
    union all
    select 'country' as level, turns.scope, turns.credit, countries.country_key as unit_key, turns.week, turns.change
    from staging.lab_turns as turns
    inner join staging.known_labs as labs on turns.lab_key = labs.lab_key
    inner join countries on labs.country = countries.country
    union all
    select 'model' as level, scope, credit, model_key as unit_key, from_week as week, 1 as change
    from of_bases
    union all
    select 'model' as level, scope, credit, model_key as unit_key, until_week as week, -1 as change
    from of_bases
),

stocks as (
    select
        level,
        scope,
        credit,
        unit_key,
        week,
        sum(sum(change)) over (partition by level, scope, credit, unit_key order by week) as n_models
    from held
    group by level, scope, credit, unit_key, week
),

turns as (
    select
        level,
        scope,
        credit,
        week,
        cast(n_models > 0 as integer)
        - cast(coalesce(lag(n_models) over (partition by level, scope, credit, unit_key order by week), 0) > 0 as integer) as change
    from stocks
    union all
    select 'model' as level, scope, credit, from_week as week, count(*) as change
    from of_others
    group by scope, credit, from_week
    union all
    select 'model' as level, scope, credit, until_week as week, -count(*) as change
    from of_others
    group by scope, credit, until_week
),

changes as (
    select
        level,
        scope,
        credit,
        week,
        sum(change) as change
    from turns
    group by level, scope, credit, week
)

select
    weeks.week,
    changes.scope,
    changes.credit,
    changes.level,
    cast(sum(changes.change) as bigint) as n_listed
from changes
inner join staging.weeks as weeks on changes.week <= weeks.week
group by weeks.week, changes.scope, changes.credit, changes.level
