/*
meaning: How many models of each lab are listed in each week and give credit; small unreviewed namespaces stand together.
grain: [week, scope, credit, lab]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 to S4, as in marts.share_by_lab
  credit: publisher, direct or root
  lab: slug of the lab; hf and the namespace where it was not reviewed; hf:(others) for the small ones together
  country: country of the lab in that week; UNKNOWN where it was not reviewed
  n_models: models that are listed in the week and give credit, once for each of their parents or roots; at least one
*/
with turns as (
    select
        turns.scope,
        turns.credit,
        labs.shown_lab as lab,
        labs.country,
        turns.week,
        sum(turns.change) as change
    from staging.lab_turns as turns
    inner join staging.known_labs as labs on turns.lab_key = labs.lab_key
    group by turns.scope, turns.credit, labs.shown_lab, labs.country, turns.week
),

stocks as (
    select
        scope,
        credit,
        lab,
        country,
        week as from_week,
        cast(sum(change) over lab_so_far as bigint) as n_models,
        lead(week, 1, date '9999-12-31') over lab_so_far as until_week
    from turns
    window lab_so_far as (partition by scope, credit, lab, country order by week)
)

select
    weeks.week,
    stocks.scope,
    stocks.credit,
    stocks.lab,
    stocks.country,
    stocks.n_models
from stocks
inner join staging.weeks as weeks on stocks.from_week <= weeks.week and weeks.week < stocks.until_week
where stocks.n_models > 0
order by weeks.week
