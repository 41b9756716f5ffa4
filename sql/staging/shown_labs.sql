/*
meaning: Our numbers for the labs that weekly tables show, each with the country it had.
grain: [home_key]
columns:
  home_key: our number
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab at a time; UNKNOWN where it was not reviewed
*/
select
    cast(row_number() over (order by lab, country) as integer) as home_key,
    lab,
    country
from (
    select distinct
        coalesce(listed.lab, 'hf:(others)') as lab,
        publishers.country
    from staging.publishers as publishers
    left join staging.listed_labs as listed on publishers.lab = listed.lab
) as shown
