/*
meaning: Whether the demand for efficient mid-size open models rises.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: change of the share of models of 5 to 50 billion parameters in downloads of known size, first to newest measured four weeks, -1..1
  interval_low: null, sizes that the Hub does not tell are left out
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with weeks as (
    select
        week,
        share_of_known_4w as share,
        unknown_share
    from marts.size_band_shares
    where scope = 'S1' and level = 'class' and size_band = 'mid' and share_of_known_4w is not null
),

compared as (
    select
        max(week) - min(week) as days,
        arg_min(share, week) as early,
        arg_max(share, week) as late,
        arg_max(unknown_share, week) as unknown_share
    from weeks
)

select
    case
        when coalesce(days, 0) < 26 * 7 then 'not measurable yet'
        when late - early >= 0.01 then 'supported'
        when late - early <= -0.01 then 'contradicted'
        else 'mixed'
    end as verdict,
    case when days >= 26 * 7 then late - early end as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when coalesce(days, 0) < 26 * 7 then 'A change needs 26 measured weeks.'
        else printf(
            'Over the first and the newest four measured weeks, models of 5 to 50 billion parameters had %.1f %% and %.1f %% of the downloads of known size. '
            || 'The size of %.0f %% of the downloads is unknown now.',
            100 * early, 100 * late, 100 * unknown_share
        )
    end as reason
from compared
