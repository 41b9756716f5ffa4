/*
meaning: How many countries have a model of their own that is used, which of them are new, and how evenly releases and downloads are spread.
grain: [quarter, scope, variant, threshold]
columns:
  quarter: first day of the quarter
  scope: S1 all models; S2 text generation and image-text-to-text
  variant: any, all releases of reviewed labs but quantised re-packs; base, only those that name no parent
  threshold: downloads of all time that a model needs; 0 is the release itself
  credit: publisher
  time_window: quarter; the weeks that begin in it, for downloads
  countries: countries with such a model by the end of the quarter, INTERNATIONAL not among them
  new_entrants: those of them that had none before; null for thresholds above 0 up to the quarter of the first list of the whole Hub, where nobody knows
  new_countries: their codes, in the order of the alphabet; null where new_entrants is
  n_models: models that had passed the threshold by the end of the quarter
  n_labs: labs that have such a model
  release_entropy: >-
    bits of the quarter's releases by country, of the variant, whatever their downloads; 0 where one country has all, null without releases
  country_entropy: bits of the quarter's downloads by country, reviewed ones only, S1 or S2, whatever the threshold; null before the first week measured
  lab_entropy: the same by lab
  unknown_share: part of the quarter's downloads in scope whose namespace was not reviewed; null before the first week
  is_complete: whether the quarter had ended by the last snapshot
  is_reconstructed: whether the quarter began before the first snapshot, so that only what was still listed then is counted
  as_of: last snapshot used
checks:
  - one_of: {column: variant, values: [any, base]}
  - between: {column: release_entropy, min: 0}
  - between: {column: country_entropy, min: 0}
  - between: {column: unknown_share, min: 0, max: 1}
  - holds: {rule: new_entrants <= countries, says: new countries are among the countries}
  - holds: {rule: len(new_countries) = new_entrants, says: every new country is named}
warnings:
  - An entropy of n bits is that of 2 to the power of n equal ones; it falls when the movement concentrates.
  - A lab that nobody reviewed gives its country no reach, so these are lower bounds.
  - Thresholds are of counters as they were sent; a model counts on after it was withdrawn.
*/
with bounds as (
    select
        cast(date_trunc('quarter', (select min(released_at) from staging.releases)) as date) as first_quarter,
        cast(date_trunc('quarter', min(observed_on)) as date) as first_looked,
        cast(date_trunc('quarter', coalesce(min(observed_on) filter (where is_complete), min(observed_on))) as date) as first_whole,
        max(observed_on) as as_of
    from staging.chain
    where source <> 'huggingface_quick'
),

quarters as (
    select
        cast(starts.day as date) as quarter,
        cast(starts.day + interval 3 month as date) as next_quarter,
        bounds.first_looked,
        bounds.first_whole,
        bounds.as_of
    from bounds, unnest(generate_series(bounds.first_quarter, bounds.as_of, interval 3 month)) as starts (day)
),

passings as (
    select
        scopes.scope,
        variants.variant,
        passings.model_key,
        passings.threshold,
        passings.passed_on,
        passings.lab,
        nullif(passings.country, 'INTERNATIONAL') as country
    from staging.reach_passings as passings
    inner join (values ('S1'), ('S2')) as scopes (scope) on scopes.scope = 'S1' or passings.is_language
    inner join (values ('any'), ('base')) as variants (variant) on variants.variant = 'any' or passings.is_base
),

cells as (
    select
        quarters.*,
        sides.scope,
        sides.variant,
        sides.threshold
    from quarters
    cross join (
        select
            scopes.scope,
            variants.variant,
            thresholds.threshold
        from (values ('S1'), ('S2')) as scopes (scope)
        cross join (values ('any'), ('base')) as variants (variant)
        cross join (values (0), (1000), (10000), (100000), (1000000)) as thresholds (threshold)
    ) as sides
    where sides.threshold = 0 or quarters.quarter >= quarters.first_looked
),

reached as (
    select
        cells.quarter,
        cells.scope,
        cells.variant,
        cells.threshold,
        count(distinct passings.country) as countries,
        count(distinct passings.model_key) as n_models,
        count(distinct passings.lab) as n_labs
    from cells
    left join passings
        on
            cells.scope = passings.scope
            and cells.variant = passings.variant
            and cells.threshold = passings.threshold
            and passings.passed_on < cells.next_quarter
    group by cells.quarter, cells.scope, cells.variant, cells.threshold
),

entered as (
    select
        scope,
        variant,
        threshold,
        quarter,
        list(country order by country) as new_countries
    from marts.reach_entrants
    where country <> 'INTERNATIONAL'
    group by scope, variant, threshold, quarter
),

released as (
    select
        scope,
        variant,
        cast(date_trunc('quarter', passed_on) as date) as quarter,
        cast(count(*) as double) as n,
        cast(sum(count(*)) over (partition by scope, variant, date_trunc('quarter', passed_on)) as double) as total
    from passings
    where threshold = 0 and country is not null
    group by scope, variant, date_trunc('quarter', passed_on), country
),

release_entropies as (
    select
        scope,
        variant,
        quarter,
        cast(sum(cast(-n / total * log2(n / total) as decimal(38, 18))) as double) as release_entropy
    from released
    group by scope, variant, quarter
),

flows as (
    select
        scope,
        cast(date_trunc('quarter', week) as date) as quarter,
        lab,
        country,
        sum(downloads_flow) as flow
    from staging.lab_weeks
    where credit = 'publisher' and scope in ('S1', 'S2')
    group by scope, date_trunc('quarter', week), lab, country
),

flow_sides as (
    select
        'lab' as level,
        scope,
        quarter,
        lab as side,
        sum(flow) as flow
    from flows
    where country <> 'UNKNOWN' and flow > 0
    group by scope, quarter, lab
    union all
    select
        'country' as level,
        scope,
        quarter,
        country as side,
        sum(flow) as flow
    from flows
    where country not in ('UNKNOWN', 'INTERNATIONAL') and flow > 0
    group by scope, quarter, country
),

flow_shares as (
    select
        level,
        scope,
        quarter,
        cast(flow as double) / cast(sum(flow) over (partition by level, scope, quarter) as double) as share
    from flow_sides
),

flow_entropies as (
    select
        scope,
        quarter,
        cast(sum(cast(-share * log2(share) as decimal(38, 18))) filter (where level = 'country') as double) as country_entropy,
        cast(sum(cast(-share * log2(share) as decimal(38, 18))) filter (where level = 'lab') as double) as lab_entropy
    from flow_shares
    group by scope, quarter
),

unknown as (
    select
        scope,
        quarter,
        cast(coalesce(sum(flow) filter (where country = 'UNKNOWN'), 0) as double) / cast(nullif(sum(flow), 0) as double) as unknown_share
    from flows
    group by scope, quarter
)

select
    cells.quarter,
    cells.scope,
    cells.variant,
    cells.threshold,
    'publisher' as credit,
    'quarter' as time_window,
    reached.countries,
    case when cells.threshold = 0 or cells.quarter > cells.first_whole then len(coalesce(entered.new_countries, [])) end as new_entrants,
    case when cells.threshold = 0 or cells.quarter > cells.first_whole then coalesce(entered.new_countries, []) end as new_countries,
    reached.n_models,
    reached.n_labs,
    release_entropies.release_entropy,
    flow_entropies.country_entropy,
    flow_entropies.lab_entropy,
    unknown.unknown_share,
    cells.next_quarter <= cells.as_of as is_complete,
    cells.quarter < (select min(chain.observed_on) from staging.chain as chain where chain.source <> 'huggingface_quick') as is_reconstructed,
    cells.as_of
from cells
inner join reached
    on
        cells.quarter = reached.quarter
        and cells.scope = reached.scope
        and cells.variant = reached.variant
        and cells.threshold = reached.threshold
left join entered
    on
        cells.quarter = entered.quarter
        and cells.scope = entered.scope
        and cells.variant = entered.variant
        and cells.threshold = entered.threshold
left join release_entropies
    on
        cells.quarter = release_entropies.quarter
        and cells.scope = release_entropies.scope
        and cells.variant = release_entropies.variant
left join flow_entropies on cells.quarter = flow_entropies.quarter and cells.scope = flow_entropies.scope
left join unknown on cells.quarter = unknown.quarter and cells.scope = unknown.scope
