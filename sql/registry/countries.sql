/*
meaning: Countries and regions by ISO code with neutral short names, and INTERNATIONAL and UNKNOWN, which are two different things.
grain: [country]
columns:
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN
  country_name: >-
    short name as known on the day of the build; one first written down later is told all the same, because a name says nothing about who
    leads; codes take no position on any dispute
  region: part of the world, after the United Nations' M49
*/
with latest as (
    select
        country,
        country_name,
        region
    from raw.registry_countries
    qualify row_number() over (
        partition by country
        order by
            cast(known_from as date) <= (select known_at from raw.parameters) desc,
            abs(cast(known_from as date) - (select known_at from raw.parameters)) asc
    ) = 1
)

select
    country,
    country_name,
    region
from latest
union all
select
    'INTERNATIONAL' as country,
    'International' as country_name,
    'International' as region
union all
select
    'UNKNOWN' as country,
    'Unknown (not reviewed)' as country_name,
    'Unknown' as region
