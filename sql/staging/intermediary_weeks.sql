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
    families.shown_lab as family,
    min(families.country) as family_country,
    labs.shown_lab as intermediary,
    min(labs.country) as intermediary_country,
    passed.relation,
    sum(passed.lineage_flow) as downloads_flow,
    coalesce(sum(passed.lineage_flow) filter (where passed.is_estimate), 0) as estimated_flow
from now.passed_flow as passed
inner join now.week as running on not running.is_quick
inner join staging.known_labs as labs on passed.lab_key = labs.lab_key
inner join staging.known_labs as families on passed.base_lab_key = families.lab_key
where passed.credit = 'root' and passed.relation in ('quantized', 'merge', 'adapter') and passed.lab_key <> passed.base_lab_key
group by running.week, families.shown_lab, labs.shown_lab, passed.relation
