/*
meaning: >-
  Downloads of each model in each ISO week. Measured where snapshots of the cumulative counter bracket the whole week;
  until then estimated from the rolling 30-day counter, and flagged.
grain: [hub_id, week]
columns:
  hub_id: the Hub's immutable id
  week: Monday of the ISO week, UTC
  downloads_flow: downloads in the week; measured steps are spread evenly over their days
  is_estimate: whether it is downloads_30d * 7 / 30 of the week's last snapshot instead of a measured difference
  is_bridged: whether the counter had fallen, or a step spans more than ten days, so that the week is only known together with others
  source: who captured what it is made from; a week is a quick capture's only when nobody else saw it
  is_flagged: whether to leave the row out when only undisturbed numbers are wanted
  as_of: last snapshot used
checks:
  - between: {column: downloads_flow, min: 0}
warnings:
  - Where source is huggingface_quick, a model may be missing from a week because nobody asked for it.
  - Rules for lasting corrections, stalls and stale 30-day counters are not in yet; a fallen counter adds nothing until it passes its former height.
*/
with sources as (
    select
        snapshots.source,
        min(snapshots.observed_on) as first_on,
        max(snapshots.observed_on) as last_on
    from core.snapshots as snapshots
    semi join (select distinct source from staging.models where downloads_all_time is not null) as counted
        on snapshots.source = counted.source
    where snapshots.status <> 'partial'
    group by snapshots.source
),

weeks as (
    select
        source,
        cast(unnest(generate_series(date_trunc('week', first_on), date_trunc('week', last_on), interval 7 day)) as date) as week
    from sources
),

bracketed as (
    select
        weeks.source,
        weeks.week
    from weeks
    inner join sources on weeks.source = sources.source
    where sources.first_on <= weeks.week and sources.last_on >= weeks.week + 7
),

-- Two captures of different reach never share a week: their totals would not be those of anything.
full_weeks as (
    select week
    from bracketed
    where source <> 'huggingface_quick'
    union
    select week
    from core.snapshots
    where table_name = 'models' and status <> 'partial' and source <> 'huggingface_quick'
),

measured as (
    select
        bracketed.week,
        bracketed.source
    from bracketed
    left join full_weeks on bracketed.week = full_weeks.week
    where full_weeks.week is null or bracketed.source <> 'huggingface_quick'
    qualify row_number() over (
        partition by bracketed.week order by bracketed.source = 'huggingface' desc, bracketed.source
    ) = 1
),

spread as (
    select
        steps.hub_id,
        measured.week,
        measured.source,
        steps.to_on,
        steps.is_bridged or steps.to_on - steps.from_on > 10 as is_bridged,
        steps.gained
        * case
            when steps.to_on = steps.from_on then 1.0
            else (least(steps.to_on, measured.week + 7) - greatest(steps.from_on, measured.week)) / cast(steps.to_on - steps.from_on as double)
        end as gained
    from staging.counter_steps as steps
    inner join measured
        on
            steps.source = measured.source
            and measured.week < greatest(steps.to_on, steps.from_on + 1)
            and steps.from_on < measured.week + 7
),

observed as (
    select
        observations.hub_id,
        snapshots.week,
        snapshots.source,
        observations.observed_on,
        observations.downloads_30d,
        observations.downloads_all_time
    from core.observations as observations
    inner join core.snapshots as snapshots
        on observations.observed_on = snapshots.observed_on and observations.source = snapshots.source
    left join full_weeks on snapshots.week = full_weeks.week
    where snapshots.status <> 'partial' and (full_weeks.week is null or snapshots.source <> 'huggingface_quick')
),

last_sight as (
    select
        hub_id,
        week,
        max(observed_on) as observed_on,
        arg_max(source, observed_on) as source,
        arg_max(downloads_30d, observed_on) as downloads_30d,
        arg_max(downloads_all_time, observed_on) as downloads_all_time
    from observed
    group by hub_id, week
)

select
    hub_id,
    week,
    cast(sum(gained) as decimal(24, 6)) as downloads_flow,
    false as is_estimate,
    bool_or(is_bridged) as is_bridged,
    any_value(source) as source,
    bool_or(is_bridged) as is_flagged,
    max(to_on) as as_of
from spread
group by hub_id, week
union all
select
    sight.hub_id,
    sight.week,
    cast(sight.downloads_30d * 7 / 30.0 as decimal(24, 6)) as downloads_flow,
    true as is_estimate,
    false as is_bridged,
    sight.source,
    false as is_flagged,
    sight.observed_on as as_of
from last_sight as sight
left join measured on sight.week = measured.week
where
    sight.downloads_30d is not null
    and sight.downloads_30d >= 0
    and (measured.week is null or sight.downloads_all_time is null)
