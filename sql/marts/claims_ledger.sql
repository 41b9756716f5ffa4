/*
meaning: What two articles claim about who leads open-source AI, and what these tables say to each claim today.
grain: [claim_id]
columns:
  claim_id: R1 to R12 and C1 to C7
  article: meta-retreat-2025 or reuters-2025-04, as in registry.claims
  claim: the claim in our words
  measure: what is measured for it
  judged_by: when it counts as supported, contradicted or mixed
  verdict: supported, contradicted, mixed or not measurable yet
  number: what was found; its reason says it in words
  interval_low: lower bound of it; null where there is none to give
  interval_high: upper bound of it
  as_of: last snapshot used
  weeks_of_data: weeks measured by captures of the whole Hub
  reason: the finding in a sentence
  query: the SQL that finds it, to be run as it stands on this database
checks:
  - one_of: {column: verdict, values: [supported, contradicted, mixed, not measurable yet]}
  - not_null: [verdict, reason, query, as_of, weeks_of_data]
  - holds: {rule: "(number is null) = (verdict = 'not measurable yet')", says: a verdict has a number and only a verdict has}
  - holds: {rule: interval_low <= interval_high, says: the lower bound is not above the upper}
warnings:
  - A verdict is about what was measured here. It changes with the data, and the rule that makes it stands beside it.
*/
with findings as (
    select 'C1' as claim_id, * from claims.c1
    union all
    select 'C2' as claim_id, * from claims.c2
    union all
    select 'C3' as claim_id, * from claims.c3
    union all
    select 'C4' as claim_id, * from claims.c4
    union all
    select 'C5' as claim_id, * from claims.c5
    union all
    select 'C6' as claim_id, * from claims.c6
    union all
    select 'C7' as claim_id, * from claims.c7
    union all
    select 'R1' as claim_id, * from claims.r1
    union all
    select 'R2' as claim_id, * from claims.r2
    union all
    select 'R3' as claim_id, * from claims.r3
    union all
    select 'R4' as claim_id, * from claims.r4
    union all
    select 'R5' as claim_id, * from claims.r5
    union all
    select 'R6' as claim_id, * from claims.r6
    union all
    select 'R7' as claim_id, * from claims.r7
    union all
    select 'R8' as claim_id, * from claims.r8
    union all
    select 'R9' as claim_id, * from claims.r9
    union all
    select 'R10' as claim_id, * from claims.r10
    union all
    select 'R11' as claim_id, * from claims.r11
    union all
    select 'R12' as claim_id, * from claims.r12
),

measured as (
    select
        (select max(snapshots.observed_on) from core.snapshots as snapshots where snapshots.table_name = 'models' and snapshots.status <> 'partial') as as_of,
        (select count(*) from staging.weeks as weeks where weeks.source = 'huggingface') as weeks_of_data
)

select
    claims.claim_id,
    claims.article,
    claims.claim,
    claims.measure,
    claims.judged_by,
    findings.verdict,
    case when findings.verdict <> 'not measurable yet' then findings.number end as number,
    case when findings.verdict <> 'not measurable yet' then findings.interval_low end as interval_low,
    case when findings.verdict <> 'not measurable yet' then findings.interval_high end as interval_high,
    measured.as_of,
    measured.weeks_of_data,
    findings.reason,
    queries.query
from registry.claims as claims
inner join findings on claims.claim_id = findings.claim_id
inner join raw.claim_queries as queries on claims.claim_id = queries.claim_id
cross join measured
