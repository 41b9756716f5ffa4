/*
meaning: Whether there is a Cambrian explosion of sovereign models.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: countries that released their first base model in the last four full quarters
  interval_low: null, only reviewed labs are counted, so it may be more
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with quarters as (
    select
        new_entrants,
        countries,
        row_number() over (order by quarter desc) as place
    from marts.reach
    where scope = 'S1' and variant = 'base' and threshold = 0 and is_complete
),

counted as (
    select
        coalesce(max(place), 0) as quarters,
        sum(new_entrants) filter (where place <= 4) as late,
        sum(new_entrants) filter (where place between 5 and 8) as early,
        max(countries) filter (where place = 1) as countries
    from quarters
)

select
    case
        when quarters < 8 or late is null or early is null then 'not measurable yet'
        when late = 0 then 'contradicted'
        when late > early then 'supported'
        else 'mixed'
    end as verdict,
    case when quarters >= 8 then cast(late as double) end as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when quarters < 8 or late is null or early is null then 'Eight full quarters are needed.'
        else printf(
            '%d countries have a base model of their own, %d entered in the last four full quarters, %d in the four before.',
            cast(countries as bigint), cast(late as bigint), cast(early as bigint)
        )
    end as reason
from counted
