/*
question: Would the lead hold if something doubtful were left out or counted otherwise?
answer: >-
  The two countries that lead in language models, by publisher credit, in the newest measured week, counted again without one thing at a time, on both
  sides of the share. lead is how far a country is before the strongest other one, below zero for who is behind. own_lab leaves out each
  country's own largest lab, arguable_homes leaves out nothing and counts labs whose home can be argued about for the other country.
*/
select
    robust.left_out,
    robust.country,
    robust.share_of_known,
    robust.lead,
    latest.estimated_share,
    robust.week
from marts.share_robustness as robust
inner join marts.latest_shares_by_country as latest
    on
        robust.week = latest.week
        and robust.scope = latest.scope
        and robust.credit = latest.credit
        and robust.time_window = latest.time_window
        and robust.country = latest.country
where latest.scope = 'S2' and latest.credit = 'publisher' and latest.country not in ('UNKNOWN', 'INTERNATIONAL')
qualify dense_rank() over (order by latest.place) <= 2
order by robust.left_out, latest.place
