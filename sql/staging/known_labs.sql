/*
meaning: Our numbers for all labs, every namespace that nobody reviewed being one, each as it was at a time, and how weekly tables show it.
grain: [lab_key]
columns:
  lab_key: our number for the lab, as it was at a time
  lab: slug of the lab; hf and the namespace where it was not reviewed
  country: country of the lab; UNKNOWN where it was not reviewed
  is_first_party: whether the lab is reviewed and no community of uploaders
  shown_lab: the lab as weekly tables show it; hf:(others) for the small ones together
  home_key: our number for that and the country
*/
select
    labs.lab_key,
    labs.lab,
    labs.country,
    labs.is_first_party,
    shown.lab as shown_lab,
    shown.home_key
from (select distinct lab_key, lab, country, is_first_party from staging.publishers) as labs
left join staging.listed_labs as listed on labs.lab = listed.lab
inner join staging.shown_labs as shown on shown.lab = coalesce(listed.lab, 'hf:(others)') and labs.country = shown.country
