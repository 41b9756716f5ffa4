/*
meaning: >-
  When one country or lab overtook another in weekly downloads, for every pair of the largest; and the scopes and credits in which
  nobody did. A lead is the sign of the median of the log ratio of four weeks, and it counts when it holds for eight weeks.
  The crossover is the latest week after which such a lead passed from one side to the other.
through: crossovers.crossovers
grain: [level, side_a, side_b, scope, credit]
columns:
  level: country or lab
  side_a: the first of the pair by the alphabet; code of a country or slug of a lab, as in marts.share_by_country and marts.share_by_lab
  side_b: the second of the pair
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  crossover_week: Monday of the last week before the median turned to the side that then led for eight weeks or more; null if no such lead passed over
  leads_after: who led after it; null if there is no crossover
  interval_low: lower end of the 95 % interval of crossover_week from 500 resamples, and a week more, because a median of four weeks dates to a week
  interval_high: upper end of it, and a week more; the interval always holds crossover_week itself
  resample_share: part of the resamples in which the same side took the lead over too, 0..1; low means that a few labs, or between labs a few weeks, decide it
  held_weeks: how many weeks in a row the median has named leads_after since
  reversals: how often else the median changed sides, held or not
  leads_now: who leads by the newest median; null if nobody does
  n_weeks: measured weeks looked at, without a gap
  first_week: Monday of the first of them
  last_week: Monday of the last of them
  unknown_share: part of the downloads in these weeks whose namespace was not reviewed
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [country, lab]}
  - holds: {rule: side_a < side_b, says: a pair stands once and in the order of the alphabet}
  - holds: {rule: (crossover_week is null) = (leads_after is null), says: a crossover has a leader and only a crossover has}
  - holds: {rule: (crossover_week is null) = (interval_low is null), says: a crossover has an interval and only a crossover has}
  - holds: {rule: "crossover_week is null or crossover_week between interval_low and interval_high", says: the interval holds the crossover}
  - holds: {rule: crossover_week is null or (interval_low >= first_week and interval_high <= last_week), says: the interval lies within the measured weeks}
  - holds: {rule: "leads_after is null or leads_after in (side_a, side_b)", says: the leader is one of the two}
  - holds: {rule: "held_weeks is null or held_weeks >= 8", says: a lead holds for eight weeks before it counts}
  - between: {column: resample_share, min: 0, max: 1}
  - between: {column: unknown_share, min: 0, max: 1}
  - between: {column: reversals, min: 0}
warnings:
  - >-
    Only weeks that our own captures of the whole Hub measured. Estimated weeks, quick captures and archives of others don't count,
    because another reach looks like a change of leaders. A week that nobody captured lies between two captures and is known from both together.
  - A week's flow under one download counts as one, so that a ratio always exists.
  - >-
    Intervals of countries come from resampling the labs within each country. A lab alone has no labs to resample, so intervals of labs,
    and of two countries of one lab each, come from moving blocks of eight weeks of what the log ratio leaves beside its mean over nine
    weeks; they say nothing about single models. Where one country alone has one lab, only the other's are drawn, and the interval is too short.
  - A lead that has held for less than eight weeks is not a crossover yet, and one that the first weeks show for less than eight is not a lead that passed over.
  - UNKNOWN is no side. Where unknown_share is larger than the gap, the unreviewed part could turn the order.
*/
with flows as (
    select flows.*
    from staging.lab_weeks as flows
    semi join staging.weeks as weeks on flows.week = weeks.week and weeks.source = 'huggingface'
    where flows.scope in ('S1', 'S2', 'S3', 'S4')
),

denominators as (
    select
        scope,
        credit,
        cast(coalesce(sum(downloads_flow) filter (where country = 'UNKNOWN'), 0) as double) / cast(nullif(sum(downloads_flow), 0) as double) as unknown_share,
        max(as_of) as as_of
    from flows
    group by scope, credit
),

sides as (
    select 'country' as level, week, scope, credit, country as side, lab, downloads_flow
    from flows
    union all
    select 'lab' as level, week, scope, credit, lab as side, lab, downloads_flow
    from flows
)

select
    sides.level,
    sides.side,
    sides.lab,
    sides.scope,
    sides.credit,
    sides.week,
    cast(sides.downloads_flow as double) as downloads_flow,
    denominators.unknown_share,
    denominators.as_of
from sides
inner join staging.contenders as contenders on sides.level = contenders.level and sides.side = contenders.side
inner join denominators on sides.scope = denominators.scope and sides.credit = denominators.credit
