/*
meaning: Every sealed snapshot there is, and what became of the records seen; a week without a row is a gap that nobody filled.
grain: [source, observed_on]
columns:
  source: huggingface, huggingface_quick, huggingface_owners, github, github_sample or github_stars for our own captures, the archive's name for imported ones
  observed_on: UTC day of the snapshot
  week: Monday of its ISO week
  table_name: what the snapshot lists, such as models, owners, repositories or star_weeks
  row_count: rows loaded
  status: sealed (captured by us), partial (captured by us, less than half of the list before, signed for) or imported (captured by others)
  seen: records the source sent
  loaded: records kept
  merged: records met more than once and counted once
  quarantined: records that could not be read
  started_at: when the first page came, UTC
  sealed_at: when the snapshot became immutable, UTC
  is_complete: whether a model absent from it was not on the Hub that day; never so of a quick capture or of owners
  origin: where it was captured from
  sign_off: who accepted what a gate had refused, and why; null if nobody had to
warnings:
  - A partial snapshot is kept, but no flow and no removal is read from it.
checks:
  - one_of: {column: table_name, values: [models, owners, repositories, sampled_repositories, star_weeks, contributors]}
  - one_of: {column: status, values: [sealed, partial, imported]}
  - holds: {rule: seen = loaded + merged + quarantined, says: 'every record seen was loaded, merged or quarantined'}
*/
select
    source,
    observed_on,
    cast(date_trunc('week', observed_on) as date) as week,
    table_name,
    loaded as row_count,
    status,
    seen,
    loaded,
    merged,
    quarantined,
    started_at,
    sealed_at,
    is_complete,
    origin,
    sign_off
from raw.snapshots
