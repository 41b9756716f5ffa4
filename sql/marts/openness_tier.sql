/*
meaning: How open each country and lab has been, quarter by quarter; the share of its new releases that are under a permissive licence and behind no gate.
grain: [quarter, level, side]
columns:
  quarter: first day of the quarter, UTC
  level: country or lab, of the publisher
  side: what the row is about, the country or the lab
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones; null on country rows
  country: country of the lab at that time; INTERNATIONAL, or UNKNOWN where nobody reviewed the namespace
  n_models: models released in the quarter, derivatives included
  open_share: part of them that are permissive and ungated, as first recorded
  n_own: those of n_models that are the publisher's own work, neither quantised nor made from another lab's model
  own_open_share: part of n_own that are permissive and ungated; null when there is none
  gated_share: part of n_models behind a gate
  stated_share: part of n_models that state a licence which was reviewed
  tier: >-
    by own_open_share, open from 0.9, mostly open from 0.5, mostly closed above 0, closed at 0; too few where n_own is under 3
  unknown_share: part of all models released in the quarter whose publisher nobody reviewed
  is_before_capture: whether the quarter began before the first whole capture, so that only what survived until then is counted
  is_running: whether the quarter was not over at the last snapshot
  as_of: last snapshot used
checks:
  - between: {column: open_share, min: 0, max: 1}
  - between: {column: own_open_share, min: 0, max: 1}
  - between: {column: n_models, min: 1}
  - one_of: {column: tier, values: [open, mostly open, mostly closed, closed, too few]}
  - refers_to: {column: country, table: registry.countries, key: country}
  - holds: {rule: n_own <= n_models, says: own work is a part of what was released}
  - holds: {rule: open_share + gated_share <= 1.000001, says: nothing open is gated}
warnings:
  - The limits of the tiers are a convention of this table; the shares are the measure.
  - Gates and licences of models older than the first capture are those of that capture, not of their release.
  - A model that states no licence is not open here, whatever its author meant.
*/
with latest as (
    select
        max(observed_on) as as_of,
        min(observed_on) filter (where is_complete) as captured_from
    from staging.chain
),

released as (
    select
        births.quarter,
        births.week,
        births.country,
        coalesce(listed.lab, 'hf:(others)') as lab,
        births.is_own,
        births.is_gated,
        births.licence_class = 'permissive' and not births.is_gated as is_open,
        births.licence_class not in ('none', 'UNKNOWN') as is_stated
    from staging.births as births
    left join staging.listed_labs as listed on births.lab = listed.lab
),

counted as (
    select
        released.quarter,
        levels.level,
        case levels.level when 'lab' then released.lab else released.country end as side,
        arg_max(released.country, (released.week, released.country)) as country,
        count(*) as n_models,
        count(*) filter (where released.is_open) as n_open,
        count(*) filter (where released.is_gated) as n_gated,
        count(*) filter (where released.is_stated) as n_stated,
        count(*) filter (where released.is_own) as n_own,
        count(*) filter (where released.is_own and released.is_open) as n_own_open
    from released
    cross join (values ('country'), ('lab')) as levels (level)
    group by released.quarter, levels.level, case levels.level when 'lab' then released.lab else released.country end
),

quarters as (
    select
        quarter,
        coalesce(sum(n_models) filter (where country = 'UNKNOWN'), 0) as unknown,
        sum(n_models) as total
    from counted
    where level = 'country'
    group by quarter
)

select
    counted.quarter,
    counted.level,
    counted.side,
    case counted.level when 'lab' then counted.side end as lab,
    counted.country,
    counted.n_models,
    cast(counted.n_open as double) / cast(counted.n_models as double) as open_share,
    counted.n_own,
    cast(counted.n_own_open as double) / cast(nullif(counted.n_own, 0) as double) as own_open_share,
    cast(counted.n_gated as double) / cast(counted.n_models as double) as gated_share,
    cast(counted.n_stated as double) / cast(counted.n_models as double) as stated_share,
    case
        when counted.n_own < 3 then 'too few'
        when 10 * counted.n_own_open >= 9 * counted.n_own then 'open'
        when 2 * counted.n_own_open >= counted.n_own then 'mostly open'
        when counted.n_own_open > 0 then 'mostly closed'
        else 'closed'
    end as tier,
    cast(quarters.unknown as double) / cast(quarters.total as double) as unknown_share,
    coalesce(counted.quarter < latest.captured_from, true) as is_before_capture,
    counted.quarter + interval 3 month > latest.as_of as is_running,
    latest.as_of
from counted
inner join quarters on counted.quarter = quarters.quarter
cross join latest
