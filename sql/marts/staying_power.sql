/*
meaning: >-
  How long models stay in use, by lab, country and quarter of release: the part that still has half of the downloads of its best 28 days,
  by weeks since then (Kaplan-Meier).
grain: [level, side, cohort, weeks]
columns:
  level: world, country or lab; of the lab and country that it had at its release
  side: world, code of the country, or slug of the lab
  lab: slug of the lab; hf:(others) for the small ones that nobody reviewed; null on other rows
  country: ISO 3166-1 alpha-2, INTERNATIONAL or UNKNOWN; null on rows of the world, and of a lab that has moved
  cohort: quarter of release, such as 2026-Q1, or all
  scope: S1 without quantised re-packs, of which only models with 10,000 downloads in 28 days
  weeks: weeks since the last of its best four, 0 to 104; the curve ends where fewer than five models stand and are known
  n_models: models in the cohort; cohorts of less than five are not shown
  n_fallen: those that have fallen under half of their peak so far
  n_removed: those that left the Hub before they fell, and count as standing until then
  at_risk: models that still stood and were still known before this week
  fell: models that fell in this week
  survival: estimated part that stands longer than so many weeks, 0..1
  lower_bound: lower bound of survival, 95 %, Greenwood's variance on the complementary log-log scale; null where nobody or everybody fell
  upper_bound: upper bound of it
  median_weeks: weeks after which half have fallen; null where the curve ends before
  retention_26w: downloads in the 28 days that end 26 weeks after the peak, as a part of the peak, of all models known so long together
  n_known_26w: models known so long; those that had left by then have no downloads
  is_left_truncated: whether some were released before the first week measured, so that a higher peak may have gone before
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [world, country, lab]}
  - between: {column: survival, min: 0, max: 1}
  - between: {column: weeks, min: 0, max: 104}
  - between: {column: at_risk, min: 5}
  - between: {column: retention_26w, min: 0, max: 1.000000001}
  - holds: {rule: lower_bound <= survival and survival <= upper_bound, says: the estimate lies between its bounds}
  - holds: {rule: fell <= at_risk, says: nobody falls who did not stand}
warnings:
  - The clock begins at the peak that was seen, not at the release, and a model that still rises has only just begun.
  - A model that leaves the Hub is known only until then, although what is withdrawn is rarely what is loved.
  - Weeks that nobody measured leave no 28 days around them, so a fall in a gap is told late.
through: survival.staying_power
*/
with newest as (
    select max(observed_on) as as_of
    from staging.chain
),

levels as (
    select unnest(['world', 'country', 'lab']) as level
),

-- Each model counts for the world, for its country and for its lab.
sides as (
    select
        levels.level,
        case levels.level when 'world' then 'world' when 'country' then spells.country else spells.lab end as side,
        case when levels.level = 'lab' then spells.lab end as lab,
        case when levels.level <> 'world' then spells.country end as country,
        spells.model_key,
        spells.cohort,
        spells.peak_28d,
        spells.weeks,
        spells.is_fallen,
        spells.is_removed,
        spells.downloads_26w,
        spells.is_left_truncated
    from staging.staying_spells as spells
    cross join levels
)

select
    sides.level,
    sides.side,
    sides.lab,
    sides.country,
    sides.cohort,
    sides.peak_28d,
    sides.weeks,
    sides.is_fallen,
    sides.is_removed,
    sides.downloads_26w,
    sides.is_left_truncated,
    newest.as_of
from sides
cross join newest
order by sides.level, sides.side, sides.cohort, sides.model_key
