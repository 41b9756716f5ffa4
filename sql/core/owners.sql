/*
meaning: Who is behind each namespace that matters, as the Hub last said it; of people only that it is a person, and two counts.
grain: [namespace]
columns:
  namespace: owner part of models' names, as spelled when last asked for
  kind: org, user, or gone where the Hub knows neither under this name
  full_name: what an organisation calls itself; null for people
  is_verified: whether the Hub has verified an organisation's domain
  plan: what an organisation pays for, as sent; null if it was not said
  member_count: members of an organisation
  follower_count: accounts that follow it
  model_count: public models
  dataset_count: public datasets of an organisation
  space_count: public spaces of an organisation
  paper_count: papers of an organisation
  is_reviewed: whether the registry says whose it is
  observed_on: UTC day of the snapshot
  observed_at: when the answer came, UTC
  source: who captured it
checks:
  - one_of: {column: kind, values: [org, user, gone]}
  - holds: {rule: "kind = 'org' or coalesce(full_name, plan) is null", says: no person has a name here}
warnings:
  - The Hub tells no country. A full name is what the owner typed, not who they are.
  - Only the registry's namespaces and those with at least 0.001 % of the downloads are asked for; the small ones every fourth week.
*/
with latest as (
    select *
    from raw.owners
    qualify row_number() over (partition by lower(namespace) order by observed_at desc, source asc) = 1
),

reviewed as (
    select distinct lower(namespace) as namespace_key
    from registry.namespaces
)

select
    latest.namespace,
    latest.kind,
    latest.full_name,
    latest.is_verified,
    latest.plan,
    latest.member_count,
    latest.follower_count,
    latest.model_count,
    latest.dataset_count,
    latest.space_count,
    latest.paper_count,
    reviewed.namespace_key is not null as is_reviewed,
    latest.observed_on,
    latest.observed_at,
    latest.source
from latest
left join reviewed on lower(latest.namespace) = reviewed.namespace_key
