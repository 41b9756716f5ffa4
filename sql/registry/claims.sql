/*
meaning: What two articles claim about who leads open-source AI, in our words, and how each claim is judged.
grain: [claim_id]
columns:
  claim_id: R1 to R12 and C1 to C7
  article: meta-retreat-2025, "Meta's retreat from open-source AI, a sign of a world power shift", mid 2025; reuters-2025-04, Reuters Breakingviews, 2 April 2025
  claim: the claim in our words
  measure: what is measured for it
  judged_by: when it counts as supported, contradicted or mixed
  known_from: day on which the row entered the registry
checks:
  - one_of: {column: article, values: [meta-retreat-2025, reuters-2025-04]}
*/
select
    claim_id,
    article,
    claim,
    measure,
    judged_by,
    cast(known_from as date) as known_from
from raw.registry_claims
