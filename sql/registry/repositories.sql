/*
meaning: Which repositories GitHub is asked for by name. They are a selection, made by us, and no census of open-source AI.
grain: [repo_name]
columns:
  repo_name: owner/name, as spelled on GitHub when the row was written
  lab: slug of the lab that owns it; null where no lab of the registry does
  kind: lab (a lab of the registry owns it), company (a company that publishes no models) or community
  why: what it is for, which is why it is listed
  known_from: day on which the row entered the registry
  source_url: page or table that says so; null where only general knowledge does
  read_on: day on which the source was read
  confidence: high, medium or low
  note: argument or caveat
checks:
  - one_of: {column: kind, values: [lab, company, community]}
  - one_of: {column: why, values: [framework, inference, training, agents, models, retrieval, evaluation, data, interface, other]}
  - refers_to: {column: lab, table: registry.labs, key: lab}
  - holds: {rule: (kind = 'lab') = (lab is not null), says: a repository of a lab names it and others name none}
warnings:
  - Every share of stars has these repositories, and those of registry.github_owners, as its whole.
*/
select
    repo_name,
    nullif(lab, '') as lab,
    kind,
    why,
    cast(known_from as date) as known_from,
    nullif(source_url, '') as source_url,
    try_cast(nullif(read_on, '') as date) as read_on,
    confidence,
    nullif(note, '') as note
from raw.registry_repositories
where cast(known_from as date) <= (select known_at from raw.parameters)
qualify row_number() over (partition by repo_name order by known_from desc) = 1
