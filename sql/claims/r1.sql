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
with quarters as (
    select
        quarter >= date '2025-07-01' as is_since,
        cast(sum(n_own) as double) / count(*) as releases_a_quarter,
        sum(own_open_share * n_own) / nullif(sum(n_own), 0) as open_share
    from marts.openness_tier
    where level = 'lab' and lab = 'meta' and not is_running and quarter >= date '2023-07-01'
    group by quarter >= date '2025-07-01'
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
        max(quarters.releases_a_quarter) filter (where not quarters.is_since) as releases_before,
        max(watched.months) as months
    from quarters
    cross join watched
),

judged as (
    select
        *,
        releases_since <= 0.75 * releases_before or share_since <= 0.75 * share_before as is_less,
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
