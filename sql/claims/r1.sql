/*
meaning: Whether Meta is moving away from open flagship models.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: own releases of Meta a quarter since July 2025
  interval_low: null, every release is counted
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with full_ones as (
    select distinct quarter
    from marts.openness_tier
    where not is_running and quarter >= date '2023-07-01'
),

-- A quarter in which Meta released nothing has no row of Meta's, and is what this claim is about.
quarters as (
    select
        full_ones.quarter >= date '2025-07-01' as is_since,
        cast(coalesce(sum(tiers.n_own), 0) as double) / count(*) as releases_a_quarter,
        sum(tiers.own_open_share * tiers.n_own) / nullif(sum(tiers.n_own), 0) as open_share
    from full_ones
    left join marts.openness_tier as tiers on full_ones.quarter = tiers.quarter and tiers.level = 'lab' and tiers.lab = 'meta'
    group by full_ones.quarter >= date '2025-07-01'
),

watched as (
    select
        arg_max(months_since_open_flagship, month) as months,
        max(month) as month
    from marts.retreat_watch
    where level = 'lab' and lab = 'meta' and is_complete
),

compared as (
    select
        max(quarters.open_share) filter (where quarters.is_since) as share_since,
        max(quarters.open_share) filter (where not quarters.is_since) as share_before,
        max(quarters.releases_a_quarter) filter (where quarters.is_since) as releases_since,
        nullif(max(quarters.releases_a_quarter) filter (where not quarters.is_since), 0) as releases_before,
        max(watched.months) as months
    from quarters
    cross join watched
),

judged as (
    select
        *,
        -- A share that was nothing can't fall by a quarter of it.
        releases_since <= 0.75 * releases_before or coalesce(share_since <= 0.75 * nullif(share_before, 0), false) as is_less,
        coalesce(months >= 12, true) as is_long_ago
    from compared
)

select
    case
        when releases_since is null or releases_before is null then 'not measurable yet'
        when is_less and is_long_ago then 'supported'
        when not is_less and not is_long_ago then 'contradicted'
        else 'mixed'
    end as verdict,
    case when releases_before is not null then releases_since end as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when releases_since is null or releases_before is null then 'Releases by Meta are not known from both sides of July 2025.'
        else printf(
            'Own releases a quarter: %.1f in the two years before July 2025, %.1f since, open share %s, then %s, months since the last open flagship: %s.',
            releases_before,
            releases_since,
            coalesce(printf('%.0f %%', 100 * share_before), 'unknown'),
            coalesce(printf('%.0f %%', 100 * share_since), 'unknown'),
            coalesce(printf('%.0f', cast(months as double)), 'none is known')
        )
    end as reason
from judged
