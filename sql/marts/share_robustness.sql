/*
meaning: >-
  Whether the shares of a week would hold if something doubtful were left out of both what is counted and what it is compared with, or if
  labs whose home can be argued about were at home in the other place.
grain: [week, scope, credit, left_out, country]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 all models; S2 text generation and image-text-to-text; -quick behind it, the same of what a quick capture asked for
  credit: publisher, direct or root, as in marts.share_by_country
  time_window: week, the only length here
  left_out: >-
    nothing; flagged, rows that were bridged, rest on a stale counter or a suspected spike; largest_models, the ten most downloaded of the scope; quantised,
    re-packs in fewer bits; gated, models for which access had to be asked for; own_lab, the country's largest lab, so that UNKNOWN has no such row;
    arguable_homes, nothing, but all labs of registry.arguable_homes are counted for the other country
  country: ISO 3166-1 alpha-2; INTERNATIONAL (reviewed, has no home); UNKNOWN (namespace not reviewed)
  downloads_flow: downloads in the week of what stays
  share_of_total: downloads_flow / all downloads that stay in scope, 0..1; null when none do
  share_of_known: downloads_flow / all downloads of reviewed namespaces that stay, 0..1; null for UNKNOWN
  lead: >-
    share_of_known less that of the strongest other country when the same is left out, -1..1, above zero for who leads; null for
    UNKNOWN and INTERNATIONAL
  unknown_share: part of the downloads that stay whose namespace was not reviewed
  is_estimate: whether any of the country's downloads in scope is estimated from the 30-day counter
  as_of: last snapshot used
checks:
  - one_of: {column: left_out, values: [nothing, flagged, largest_models, quantised, gated, own_lab, arguable_homes]}
  - between: {column: downloads_flow, min: 0}
  - between: {column: share_of_total, min: 0, max: 1.000000001}
  - between: {column: lead, min: -1, max: 1}
  - refers_to: {column: country, table: registry.countries, key: country}
  - between: {column: unknown_share, min: 0, max: 1.000000001}
warnings:
  - own_lab leaves out another lab in each country's row, so that its shares do not add up to 1.
  - arguable_homes switches all of them at once. Who doubts one home only adds up marts.share_by_lab.
*/
with labs as (
    select
        windows.week,
        windows.scope,
        windows.credit,
        windows.country,
        coalesce(arguable.other_country, windows.country) as other_country,
        windows.downloads_flow,
        windows.estimated_flow,
        windows.as_of
    from staging.lab_windows as windows
    left join registry.arguable_homes as arguable
        on windows.lab = arguable.lab and arguable.valid_from <= windows.week and windows.week < arguable.valid_to
    where windows.time_window = 'week' and windows.scope in ('S1', 'S2', 'S1-quick', 'S2-quick')
),

countries as (
    select
        week,
        scope,
        credit,
        country,
        sum(downloads_flow) as flow,
        max(downloads_flow) as largest_lab,
        sum(estimated_flow) > 0 as is_estimate,
        max(as_of) as as_of
    from labs
    group by week, scope, credit, country
),

thinned as (
    select
        countries.* exclude (flow),
        reasons.left_out,
        countries.flow - coalesce(doubted.downloads_flow, 0) as flow
    from countries
    cross join (values ('nothing'), ('flagged'), ('largest_models'), ('quantised'), ('gated')) as reasons (left_out)
    left join staging.left_out_weeks as doubted
        on
            countries.week = doubted.week
            and countries.scope = doubted.scope
            and countries.credit = doubted.credit
            and countries.country = doubted.country
            and reasons.left_out = doubted.left_out
    union all
    select
        week,
        scope,
        credit,
        other_country as country,
        max(downloads_flow) as largest_lab,
        sum(estimated_flow) > 0 as is_estimate,
        max(as_of) as as_of,
        'arguable_homes' as left_out,
        sum(downloads_flow) as flow
    from labs
    group by week, scope, credit, other_country
),

compared as (
    select
        *,
        sum(flow) over scoped as total,
        coalesce(sum(flow) filter (where country <> 'UNKNOWN') over scoped, 0) as known,
        case when row_number() over ranked = 1 then lead(flow) over ranked else first_value(flow) over ranked end as rival
    from thinned
    window
        scoped as (partition by week, scope, credit, left_out),
        ranked as (
            partition by week, scope, credit, left_out, country in ('UNKNOWN', 'INTERNATIONAL')
            order by flow desc, country asc
        )
),

kept as (
    select * exclude (largest_lab)
    from compared
    union all
    select
        * exclude (largest_lab, left_out, flow, total, known, rival),
        'own_lab' as left_out,
        flow - largest_lab as flow,
        total - largest_lab as total,
        known - largest_lab as known,
        rival
    from compared
    where left_out = 'nothing' and country <> 'UNKNOWN'
)

select
    week,
    scope,
    credit,
    'week' as time_window,
    left_out,
    country,
    cast(flow as double) as downloads_flow,
    cast(flow as double) / cast(nullif(total, 0) as double) as share_of_total,
    case when country <> 'UNKNOWN' then cast(flow as double) / cast(nullif(known, 0) as double) end as share_of_known,
    case
        when country not in ('UNKNOWN', 'INTERNATIONAL') then cast(flow - coalesce(rival, 0) as double) / cast(nullif(known, 0) as double)
    end as lead,
    cast(total - known as double) / cast(nullif(total, 0) as double) as unknown_share,
    is_estimate,
    as_of
from kept
