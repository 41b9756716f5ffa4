/*
question: Which countries got a model of their own that is used, and since when?
answer: >-
  entered_on is the day a model of the country was first seen with 10,000 downloads; is_first_look means that it already had them when the
  whole Hub was first listed. INTERNATIONAL is a reviewed lab without a home.
*/
select
    country_name,
    entered_on,
    is_first_look,
    lab,
    model_name
from marts.reach_entrants
where scope = 'S1' and variant = 'any' and threshold = 10000
order by is_first_look asc, entered_on desc, country asc
limit 40
