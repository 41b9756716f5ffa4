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
    whether at the end of a week of the month (weeks that end in it) two of the six signals had turned together towards closing. Over the same
    last 4, 6, 8, 13, 26 or 39 weeks, held against the 52 before them, each of the two is at least 2 times likelier if the side is closing than if
    it goes on as before, and all six multiplied 100 times (statistics/turning.py says how); null before the first week of the month has ended,
    and until there are 56 weeks
  turned_on: >-
    Monday after the first week of the month at whose end the flag stood, by the days of the counts; a gap in the captures shows it later.
    Null where is_turning is not true
  turned: >-
    the signals that had turned then, or where nothing is flagged at the week of the largest odds, apart by a comma; cadence (fewer releases), flagship
    (a long wait for an open one), gated, licences (fewer permissive), own_repos (others serve the family), withdrawn; null where is_turning is
  turn_odds: >-
    how many times likelier what all six signals count (occasions, staging.retreat_weeks) is at that week's end if the side is closing than if
    it goes on as before; null where is_turning is
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
  - between: {column: turn_odds, min: 0}
  - holds: {rule: "not is_turning or contains(turned, ',')", says: 'no turn without two signals'}
  - holds: {rule: 'not is_turning or turn_odds >= 100', says: no turn without the odds that it is said to take}
  - holds: {rule: 'coalesce(is_turning, false) = (turned_on is not null)', says: a turn has its day and nothing else has}
  - holds: {rule: 'turned_on > month and turned_on <= month + interval 1 month and turned_on <= as_of', says: the day is the end of a week of the month}
  - holds: {rule: months_since_flagship <= months_since_open_flagship, says: the last flagship is no older than the last open one}
warnings:
  - A turn is a reason to look, not a proof; the flag says which signals turned.
  - Counts of a country are of the labs that were at home there then. Its flag compares the labs that are at home there now with their own past, wherever they were.
  - >-
    The flag looks at each week's end and waits for two signals. In ten fresh rehearsals of 3,000 models and 60 weeks all planted retreats and
    closures were flagged within four weeks of when somebody who knew the plan could have been certain, in ten of 104 weeks 7 retreats of 10; who
    releases little is flagged later or never. Of 23,858 side-months 9 were flagged without a cause.
  - >-
    For the flag what a lab releases within four days with one gate and one licence is one occasion; the other columns count models. With two
    releases in five made families of two to four, half of them over four days, 11 of 23,858 side-months of rehearsals were flagged without a
    cause. A family that comes over weeks still counts several times: over two, 12 in 1,000.
  - >-
    A lab has no more than one occasion of a kind in four days, so that the fall of one that releases daily is seen late or not at all if it goes
    on to release every week.
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

-- A lab is known from the Monday of the week in which its first row begins, which may lie in the month before.
homes as (
    select
        months.side,
        months.month,
        arg_max(labs.lab_name, labs.valid_from) as lab_name,
        arg_max(labs.country, labs.valid_from) as country
    from staging.retreat_months as months
    inner join (
        select
            *,
            lag(valid_from) over (partition by lab order by valid_from) is null as is_first
        from registry.labs
    ) as labs on months.side = labs.lab and (labs.is_first or labs.valid_from < months.month + interval 1 month)
    where months.level = 'lab'
    group by months.side, months.month
),

-- The flag's first week speaks for its month, and where there is no flag the week that came nearest to one.
turns as (
    select
        level,
        side,
        cast(date_trunc('month', week + 6) as date) as month,
        bool_or(is_turning) as is_turning,
        min(week + 7) filter (where is_turning) as turned_on,
        coalesce(arg_min(turned, week) filter (where is_turning), arg_max(turned, (turn_odds, week))) as turned,
        coalesce(arg_min(turn_odds, week) filter (where is_turning), max(turn_odds)) as turn_odds
    from staging.retreat_turns
    where is_turning is not null
    group by level, side, date_trunc('month', week + 6)
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
    turns.turned_on,
    turns.turned,
    turns.turn_odds,
    1 - coalesce(inside.n_models, 0) / cast(everything.n_models as double) as outside_share,
    months.is_complete,
    months.is_reconstructed,
    months.as_of
from staging.retreat_months as months
left join turns
    on months.level = turns.level and months.side = turns.side and months.month = turns.month
left join everything on months.month = everything.month
left join inside on months.month = inside.month
left join homes on months.level = 'lab' and months.side = homes.side and months.month = homes.month
