/*
meaning: >-
  Downloads of each model, by our number for it, in each ISO week. Measured where snapshots of the cumulative counter bracket the whole week;
  until then estimated from the rolling 30-day counter, and flagged.
per: week
grain: [model_key, week]
columns:
  model_key: our number for the model
  week: Monday of the ISO week, UTC
  downloads_flow: >-
    downloads in the week; measured steps are spread evenly over their days, those over more than ten days part by part, where later
    snapshots tell how high the counter stood between (is_bridged)
  is_estimate: >-
    whether it is downloads_30d * 7 / 30 of the week's last snapshot instead of a measured difference, or has such a part for the days since
    the model's counter was last told
  is_bridged: >-
    whether the counter had fallen or the Hub's counters stood still, or a step spans more than ten days, or the snapshots were taken at hours
    too different, so that the week is only known together with others
  source: who captured what it is made from; a week is a quick capture's only when nobody else saw it
  is_flagged: whether to leave the row out when only undisturbed numbers are wanted
  as_of: last snapshot used
checks:
  - between: {column: downloads_flow, min: 0}
*/
with moved as (
    select
        running.week,
        steps.source,
        steps.to_on,
        steps.model_key,
        case when steps.is_birth then steps.from_on else spans.span_from end as from_on,
        spans.span_to as until_on,
        greatest(steps.difference, 0) as gained,
        spans.is_stretched as is_bridged
    from now.week as running
    inner join staging.spans as spans on running.source = spans.source
    inner join staging.counter_steps as steps on spans.source = steps.source and spans.to_on = steps.to_on
    anti join staging.disturbed_models as disturbed
        on steps.source = disturbed.source and steps.model_key = disturbed.model_key
    anti join staging.cut_spans as cut on spans.source = cut.source and spans.span_to = cut.span_to
    where
        spans.span_from < running.week + 7
        and spans.span_to >= running.week
        -- What ends as the week begins brings it nothing, but what was created that day.
        and (spans.span_to > running.week or steps.is_birth)
    union all
    select
        running.week,
        births.source,
        births.to_on,
        births.model_key,
        births.from_on,
        spans.span_to as until_on,
        births.gained,
        spans.is_stretched as is_bridged
    from now.week as running
    inner join staging.spans as spans on running.source = spans.source
    inner join staging.late_births as births on spans.source = births.source and spans.to_on = births.to_on
    anti join staging.disturbed_models as disturbed
        on births.source = disturbed.source and births.model_key = disturbed.model_key
    where births.from_on < running.week + 7 and spans.span_to >= running.week
    union all
    select
        running.week,
        steps.source,
        steps.to_on,
        steps.model_key,
        steps.from_on,
        steps.to_on as until_on,
        steps.gained,
        steps.is_bridged
    from now.week as running
    inner join staging.disturbed_steps as steps on running.source = steps.source
    where steps.from_on < running.week + 7 and steps.to_on >= running.week and steps.to_on - steps.from_on <= 10
    union all
    select
        running.week,
        cut.source,
        cut.to_on,
        cut.model_key,
        cut.from_on,
        cut.until_on,
        cut.gained,
        true as is_bridged
    from now.cut_steps as cut
    cross join now.week as running
    union all
    select
        running.week,
        changes.source,
        changes.to_on,
        changes.model_key,
        changes.from_on,
        changes.to_on as until_on,
        greatest(changes.gained, 0) as gained,
        false as is_bridged
    from now.week as running
    inner join staging.name_changes as changes on running.source = changes.source
    where changes.from_on < running.week + 7 and changes.to_on > running.week
),

measured as (
    select
        coalesce(aliases.known_key, moved.model_key) as model_key,
        moved.to_on,
        spikes.model_key is not null as is_spike,
        moved.is_bridged or running.is_uneven or moved.until_on - moved.from_on > 10 as is_bridged,
        moved.gained
        * case
            when moved.until_on = moved.from_on then 1.0
            else
                (least(moved.until_on, moved.week + 7) - greatest(moved.from_on, moved.week))
                / cast(moved.until_on - moved.from_on as double)
        end as gained
    from moved
    cross join now.week as running
    left join staging.spikes as spikes
        on moved.source = spikes.source and moved.model_key = spikes.model_key and moved.week = spikes.week
    left join staging.aliases as aliases on moved.model_key = aliases.model_key
    where moved.from_on < moved.week + 7 and greatest(moved.until_on, moved.from_on + 1) > moved.week
),

-- Where nobody's snapshots bracket the week, or the cumulative counter is unknown.
sights as (
    select
        coalesce(aliases.known_key, counters.model_key) as model_key,
        running.week,
        counters.source,
        counters.model_key as listed_key,
        counters.observed_on,
        counters.downloads_30d,
        counters.downloads_all_time
    from now.week as running
    inner join staging.counters as counters
        on counters.observed_on >= running.week and counters.observed_on < running.week + 7
    left join staging.aliases as aliases on counters.model_key = aliases.model_key
    -- Known again since, so that the week was measured together with others.
    anti join staging.disturbed_steps as known
        on
            running.source = known.source
            and counters.model_key = known.model_key
            and known.from_on < running.week + 7
            and known.to_on > running.week
    where
        (counters.source = 'huggingface_quick') = running.is_quick
        and (running.source is null or (counters.source = running.source and counters.downloads_all_time is null))
    qualify row_number() over (
        partition by coalesce(aliases.known_key, counters.model_key)
        order by counters.observed_on desc, counters.source = 'huggingface' desc, counters.source asc, counters.model_key asc
    ) = 1
),

-- Only of weeks that nobody measured is a model with a cumulative counter among the sights.
moved_lately as (
    select
        steps.source,
        steps.model_key,
        steps.to_on
    from now.week as running
    inner join staging.chain as chain
        on running.source is null and chain.observed_on > running.week - 31 and chain.observed_on < running.week + 7
    inner join staging.counter_steps as steps on chain.source = steps.source and chain.observed_on = steps.to_on
),

-- MEASURES 1: the 30-day counter says nothing any more when the cumulative one has not moved for 31 days.
stale as (
    select
        sights.source,
        sights.listed_key
    from sights
    -- A model that went and came back has several stays.
    semi join staging.stays as stays
        on sights.source = stays.source and sights.listed_key = stays.listed_key and stays.first_on <= sights.observed_on - 31
    anti join moved_lately as steps
        on
            sights.source = steps.source
            and sights.listed_key = steps.model_key
            and steps.to_on > sights.observed_on - 31
            and steps.to_on <= sights.observed_on
    where sights.downloads_all_time is not null and sights.downloads_30d > 0
),

-- A day of automatic downloads stays in the 30-day counter for thirty days.
spiked as (
    select distinct
        sights.source,
        sights.listed_key
    from sights
    inner join staging.spikes as spikes
        on
            sights.source = spikes.source
            and sights.listed_key = spikes.model_key
            and spikes.spike_on >= sights.observed_on - 30
            and spikes.spike_on < sights.observed_on
)

,

readable as (
    select model_key
    from sights
    where downloads_30d >= 0
),

-- Listed as ever, but nobody told its counter: it goes on at the pace that was told last, and does not fall to nothing.
silent as (
    select
        silences.model_key,
        silences.source,
        silences.told_on,
        silences.downloads_30d / 30.0
        * (
            least(running.week + 7, coalesce(silences.listed_until, running.week + 7))
            - greatest(running.week, silences.counted_until)
        ) as expected
    from now.week as running
    inner join staging.silences as silences
        on silences.counted_until < running.week + 7 and coalesce(silences.listed_until > running.week, true)
    anti join readable on silences.model_key = readable.model_key
    where silences.downloads_30d is not null and not running.is_quick and (running.source is not null or running.week in (select week from sights where downloads_30d >= 0))
),

summed as (
    select
        model_key,
        cast(sum(cast(gained as decimal(18, 6))) as decimal(18, 6)) as downloads_flow,
        bool_or(is_estimate) as is_estimate,
        bool_or(is_bridged) as is_bridged,
        max(source) as source,
        bool_or(is_flagged) as is_flagged,
        max(to_on) as as_of
    from (
        select
            model_key,
            gained,
            false as is_estimate,
            is_bridged,
            null as source,
            is_bridged or is_spike as is_flagged,
            to_on
        from measured
        union all
        select
            model_key,
            expected as gained,
            true as is_estimate,
            false as is_bridged,
            source,
            true as is_flagged,
            told_on as to_on
        from silent
    ) as counted
    group by model_key
)

select
    summed.model_key,
    running.week,
    summed.downloads_flow,
    summed.is_estimate,
    summed.is_bridged,
    coalesce(running.source, summed.source) as source,
    summed.is_flagged,
    summed.as_of
from summed
cross join now.week as running
union all
select
    sights.model_key,
    sights.week,
    cast(case when stale.listed_key is null then sights.downloads_30d * 7 / 30.0 else 0 end as decimal(18, 6)) as downloads_flow,
    true as is_estimate,
    false as is_bridged,
    sights.source,
    stale.listed_key is not null or spiked.listed_key is not null as is_flagged,
    sights.observed_on as as_of
from sights
left join stale on sights.source = stale.source and sights.listed_key = stale.listed_key
left join spiked on sights.source = spiked.source and sights.listed_key = spiked.listed_key
where sights.downloads_30d >= 0
