/*
meaning: How far the most liked models of a week are also its most downloaded ones, over the whole Hub.
grain: [week, scope, top]
columns:
  week: Monday of the ISO week, UTC; only weeks that were measured
  scope: S1 all models; S2 text generation and image-text-to-text; -quick behind it, the same of what a quick capture asked for
  credit: publisher
  time_window: week, the only length here
  top: 25 or 100, how many models of each list are compared; equal ones in the order in which they were first seen
  jaccard: models in both lists / models in either, 0..1
  n_both: models in both
  n_liked: models in the list of the most liked; fewer than top where fewer had new likes
  n_downloaded: models in the list of the most downloaded
  as_of: last snapshot used
checks:
  - one_of: {column: top, values: [25, 100]}
  - between: {column: jaccard, min: 0, max: 1}
  - holds: {rule: 'n_liked <= top and n_downloaded <= top', says: no list is longer than asked}
warnings:
  - Two lists that share 60 of 100 models have an overlap of 60 / 140.
*/
select
    week,
    scope,
    'publisher' as credit,
    'week' as time_window,
    top,
    n_both / cast(n_liked + n_downloaded - n_both as double) as jaccard,
    n_both,
    n_liked,
    n_downloaded,
    as_of
from staging.attention_tops
where n_liked + n_downloaded > 0
