/*
meaning: Contributors of each unit and quarter by country, a person once per unit and shared among the countries named, before anything is hidden but with what has to be.
grain: [quarter, unit, country]
through: suppression.hide
columns:
  quarter: first day of the quarter, UTC
  level: all, lab or repo
  unit: all, lab SLUG or repo NUMBER
  parent: the unit that this one is a part of, empty for all
  country: ISO code that profiles name, or UNKNOWN
  contributors: people with a commit in the quarter; one who names k countries is 1/k in each
  contributor_months: the same, each once for each month with a commit
  located_contributors: people of the unit who name a country
  all_contributors: all people of the unit
  located_months: months of people who name a country
  is_unit_hidden: whether the unit has too few people to show anything of it
  is_folded: whether the country must not be shown by itself
*/
with people as (
    select
        quarter,
        level,
        unit,
        parent,
        person,
        len(list_distinct(flatten(list(months)))) as months
    from staging.contributor_lines
    where kind = 'person'
    group by quarter, level, unit, parent, person
),

located as (
    select
        people.quarter,
        people.unit,
        people.months,
        places.countries,
        -- Twelve digits, so that three thirds are one within what a share is checked to.
        cast(1.0 / len(places.countries) as decimal(28, 12)) as weight
    from people
    inner join staging.contributor_places as places on people.quarter = places.quarter and people.person = places.person
    where len(places.countries) > 0
),

spread as (
    select
        quarter,
        unit,
        unnest(countries) as country,
        weight,
        months
    from located
),

everybody as (
    select
        quarter,
        level,
        unit,
        parent,
        1 as people,
        months
    from people
    union all
    select
        quarter,
        level,
        unit,
        parent,
        people,
        people * len(months) as months
    from staging.contributor_lines
    where kind = 'anonymous'
),

wholes as (
    select
        everybody.quarter,
        everybody.level,
        everybody.unit,
        everybody.parent,
        cast(sum(everybody.people) as bigint) as all_contributors,
        cast(sum(everybody.months) as bigint) as all_months
    from everybody
    group by everybody.quarter, everybody.level, everybody.unit, everybody.parent
),

placed as (
    select
        quarter,
        unit,
        count(*) as located_contributors,
        cast(sum(months) as bigint) as located_months
    from located
    group by quarter, unit
),

units as (
    select
        wholes.*,
        coalesce(placed.located_contributors, 0) as located_contributors,
        coalesce(placed.located_months, 0) as located_months
    from wholes
    left join placed on wholes.quarter = placed.quarter and wholes.unit = placed.unit
),

cells as (
    select
        quarter,
        unit,
        country,
        cast(sum(weight) as decimal(28, 12)) as contributors,
        cast(sum(weight * months) as decimal(28, 12)) as contributor_months
    from spread
    group by quarter, unit, country
    union all
    select
        quarter,
        unit,
        'UNKNOWN' as country,
        cast(all_contributors - located_contributors as decimal(28, 12)) as contributors,
        cast(all_months - located_months as decimal(28, 12)) as contributor_months
    from units
)

select
    cells.quarter,
    units.level,
    cells.unit,
    units.parent,
    cells.country,
    cells.contributors,
    cells.contributor_months,
    units.located_contributors,
    units.all_contributors,
    units.located_months
from cells
inner join units on cells.quarter = units.quarter and cells.unit = units.unit
order by cells.quarter, cells.unit, cells.country
