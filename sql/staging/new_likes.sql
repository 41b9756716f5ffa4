/*
meaning: Likes of each model in one week, spread evenly over the days between snapshots; it exists only while its week is being added up.
per: week
kind: passing
grain: [model_key]
columns:
  model_key: our number for the model
  new_likes: likes gained in the week, less those taken back
  fallen_likes: those taken back, zero or negative
*/
with steps as (
    select
        steps.model_key,
        steps.from_on,
        steps.to_on,
        steps.difference
    from now.week as running
    -- By the days of their snapshots, so that only the files of these are read.
    inner join staging.chain as chain
        on running.source = chain.source and chain.previous_on < running.week + 7 and chain.observed_on >= running.week
    inner join staging.like_steps as steps on chain.source = steps.source and chain.observed_on = steps.to_on
    union all
    select
        returns.model_key,
        returns.from_on,
        returns.to_on,
        returns.difference
    from now.week as running
    inner join staging.like_returns as returns on running.source = returns.source
),

moved as (
    select
        coalesce(aliases.known_key, steps.model_key) as model_key,
        cast(
            steps.difference
            * case
                when steps.to_on = steps.from_on then 1.0
                else
                    (least(steps.to_on, running.week + 7) - greatest(steps.from_on, running.week))
                    / cast(steps.to_on - steps.from_on as double)
            end as decimal(18, 6)
        ) as likes
    from steps
    inner join now.week as running
        on steps.from_on < running.week + 7 and greatest(steps.to_on, steps.from_on + 1) > running.week
    left join staging.aliases as aliases on steps.model_key = aliases.model_key
)

select
    model_key,
    sum(likes) as new_likes,
    sum(least(likes, 0)) as fallen_likes
from moved
group by model_key
