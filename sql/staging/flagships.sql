/*
meaning: >-
  The releases that are flagships of their lab, or of their country: with at least half as many parameters as the largest
  release of the same side in the 24 months up to it.
grain: [level, model_key]
columns:
  level: lab or country, whose flagship it is
  side: slug of the lab, or code of the country
  model_key: our number for the model
  month: first day of the month of its release
  is_open: whether it was released under a permissive licence and ungated
warnings:
  - Half, because a lab's next flagship is often a little smaller than its last (Llama 4 Maverick has 402 billion, Llama 3.1 had 406).
  - A release whose size the Hub does not know is never a flagship.
*/
with sides as (
    select
        'lab' as level,
        lab as side,
        model_key,
        month,
        released_at,
        is_permissive and not is_gated as is_open,
        parameters_total
    from staging.releases
    where parameters_total > 0
    union all
    select
        'country' as level,
        country as side,
        model_key,
        month,
        released_at,
        is_permissive and not is_gated as is_open,
        parameters_total
    from staging.releases
    where parameters_total > 0
)

select
    level,
    side,
    model_key,
    month,
    is_open
from sides
qualify 2 * parameters_total >= max(parameters_total) over (
    partition by level, side order by released_at range between interval 24 month preceding and current row
)
