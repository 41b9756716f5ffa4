/*
question: Who is talked about more than used?
answer: >-
  attention_gap is the share of new likes less the share of downloads of language models in the newest week; above zero for who is liked more than
  downloaded.
*/
select
    week,
    side as lab,
    country,
    likes_share,
    downloads_share,
    attention_gap
from marts.attention
where level = 'lab' and scope = 'S2' and side <> 'hf:(others)' and week = (select max(newest.week) from marts.attention as newest)
order by attention_gap desc, side asc
limit 15
