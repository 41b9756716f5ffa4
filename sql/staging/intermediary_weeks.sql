/*
meaning: Downloads of each week through quantised, merged and adapter models that others than the root's lab published, by that lab and by who published them.
per: week
grain: [week, family, intermediary, relation]
columns:
  week: Monday of the ISO week, UTC; a week that only a quick capture saw has no rows
  family: lab of the root; hf:(others) for the small ones together
  family_country: its country in that week
  intermediary: lab that published the derived model; hf:(others) for the small ones together
  intermediary_country: its country in that week
  relation: quantized, merge or adapter
  downloads_flow: downloads in the week
  estimated_flow: part of them that is estimated
*/
select
    running.week,
    coalesce(families.lab, 'hf:(others)') as family,
    min(derived.base_country) as family_country,
    coalesce(listed.lab, 'hf:(others)') as intermediary,
    min(derived.country) as intermediary_country,
    derived.relation,
    sum(derived.downloads_flow) as downloads_flow,
    sum(derived.estimated_flow) as estimated_flow
from now.derived_flow as derived
cross join now.week as running
left join staging.listed_labs as families on derived.base_lab = families.lab
left join staging.listed_labs as listed on derived.lab = listed.lab
where derived.credit = 'root' and derived.relation in ('quantized', 'merge', 'adapter') and derived.lab <> derived.base_lab
group by running.week, coalesce(families.lab, 'hf:(others)'), coalesce(listed.lab, 'hf:(others)'), derived.relation
