/*
meaning: Whether a lab or a country is closing, month by month; how many models it releases, how open they are, what it withdraws.
grain: [month, level, side]
columns:
  month: first day of the month
  level: lab or country
  side: slug of the lab, or code of the country
  lab: slug of the lab; null on rows of countries
  lab_name: name of the lab; null on rows of countries
  country: ISO 3166-1 alpha-2 or INTERNATIONAL; on rows of labs the lab's country in that month
  scope: S1, all models; only those of reviewed labs, no quantised re-packs
  releases: models created in the month
  open_share: part of them with a permissive licence and ungated; null without releases
  gated_share: part of them for which access had to be asked for when first recorded
  non_permissive_share: part of them whose first licence was not permissive; none and UNKNOWN are not
  withdrawn: releases of any time that left the Hub in the month
  months_since_open_flagship: >-
    months from the last flagship that was permissive and ungated to this one, 0 in its own month; null before the first. A flagship has
    at least half as many parameters as the side's largest release of the 24 months up to it
  months_since_flagship: the same with any licence and gate, weights published at all
  own_repo_share: >-
    part of the month's downloads that go back to the side's roots (credit root, scope S1, weeks that begin in the month) which the labs' own
    repositories serve; null without such downloads
  is_turning: >-
    whether two of the six signals turned together towards closing; over the same last 1, 2, 3 or 6 months each less likely than 15 % to be
    chance, and the three least likely ones multiplied less than 0.03 % (statistics/turning.py says how); null while the month is not over, and
    until there are twelve months before it
  turned: >-
    the signals that turned over those months, apart by a comma; cadence (fewer releases), flagship (a long wait for an open one), gated,
    licences (fewer permissive), own_repos (others serve the family), withdrawn; null where is_turning is
  turn_chance: chances of the three least likely signals over those months, multiplied
  outside_share: part of all models created in the month, no quantised re-packs, that none of the reviewed labs published
  is_complete: whether the month had ended by the last snapshot
  is_reconstructed: whether the month began before the first snapshot, so that only what was still listed then is counted, as it was then
  as_of: last snapshot used
checks:
  - one_of: {column: level, values: [country, lab]}
  - between: {column: open_share, min: 0, max: 1}
  - between: {column: gated_share, min: 0, max: 1}
  - between: {column: non_permissive_share, min: 0, max: 1}
  - between: {column: own_repo_share, min: 0, max: 1.000000001}
  - between: {column: months_since_open_flagship, min: 0}
  - not_null: [country, releases, withdrawn, is_complete]
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: open_share <= 1 - gated_share + 0.000000001, says: nothing gated counts as open}
  - holds: {rule: open_share <= 1 - non_permissive_share + 0.000000001, says: nothing without a permissive licence counts as open}
  - between: {column: turn_chance, min: 0, max: 1}
  - holds: {rule: "not is_turning or contains(turned, ',')", says: 'no turn without two signals'}
  - holds: {rule: months_since_flagship <= months_since_open_flagship, says: the last flagship is no older than the last open one}
warnings:
  - A turn is a reason to look, not a proof; the flag says which signals turned.
  - >-
    The flag waits for the end of a month and for two signals. In ten fresh rehearsals of 3,000 models half of the planted retreats were flagged
    within four weeks of when they could be seen, all within nine; who releases little is flagged later or never. One side-month in 1,250 was
    flagged without a cause.
  - A lab that publishes elsewhere than on this Hub looks as if it fell silent.
  - Models that nobody reviewed are in no row; outside_share says how many they are.
*/
with everything as (
    select
        cast(date_trunc('month', born_at) as date) as month,
        count(*) as n_models
    from staging.traits
    where not is_quantised
    group by date_trunc('month', born_at)
),

inside as (
    select
        month,
        count(*) as n_models
    from staging.releases
    group by month
),

homes as (
    select
        months.side,
        months.month,
        arg_max(labs.lab_name, labs.valid_from) as lab_name,
        arg_max(labs.country, labs.valid_from) as country
    from staging.retreat_months as months
    inner join registry.labs as labs on months.side = labs.lab and labs.valid_from < months.month + interval 1 month
    where months.level = 'lab'
    group by months.side, months.month
)

select
    months.month,
    months.level,
    months.side,
    case when months.level = 'lab' then months.side end as lab,
    homes.lab_name,
    coalesce(homes.country, months.side) as country,
    'S1' as scope,
    months.releases,
    months.n_open / cast(nullif(months.releases, 0) as double) as open_share,
    months.n_gated / cast(nullif(months.releases, 0) as double) as gated_share,
    months.n_non_permissive / cast(nullif(months.releases, 0) as double) as non_permissive_share,
    months.withdrawn,
    months.months_since_open_flagship,
    months.months_since_flagship,
    months.own_repo_share,
    turns.is_turning,
    turns.turned,
    turns.turn_chance,
    1 - coalesce(inside.n_models, 0) / cast(everything.n_models as double) as outside_share,
    months.is_complete,
    months.is_reconstructed,
    months.as_of
from staging.retreat_months as months
inner join staging.retreat_turns as turns
    on months.level = turns.level and months.side = turns.side and months.month = turns.month
left join everything on months.month = everything.month
left join inside on months.month = inside.month
left join homes on months.level = 'lab' and months.side = homes.side and months.month = homes.month
