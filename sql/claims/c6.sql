/*
meaning: Whether Beijing may close it - policy reversal.
grain: [verdict]
columns:
  verdict: supported, contradicted, mixed or not measurable yet
  number: signals of six that turned towards closing by the newest full month
  interval_low: null, every release of the reviewed labs is counted
  interval_high: null, there is none to give
  reason: the finding in a sentence
*/
with newest as (
    select *
    from marts.retreat_watch
    where level = 'country' and country = 'CN' and is_complete and is_turning is not null
    order by month desc
    limit 1
),

found as (
    select
        bool_or(is_turning) as is_turning,
        max(turned) as turned,
        max(month) as month
    from newest
)

select
    case
        when is_turning is null then 'not measurable yet'
        when is_turning then 'supported'
        else 'contradicted'
    end as verdict,
    case
        when is_turning is null then null
        when coalesce(turned, '') = '' then 0
        else cast(len(string_split(turned, ',')) as double)
    end as number,
    cast(null as double) as interval_low,
    cast(null as double) as interval_high,
    case
        when is_turning is null then 'The retreat watch needs 56 weeks of Chinese releases.'
        when is_turning then printf('Signals of Chinese labs that turned together by %s: %s.', strftime(month, '%Y-%m'), turned)
        else printf('The watch on Chinese labs does not call it a turn in %s. Signals that had turned: %s.', strftime(month, '%Y-%m'), coalesce(nullif(turned, ''), 'none'))
    end as reason
from found
