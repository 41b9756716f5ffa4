/*
question: What part of the downloads goes to models under a permissive licence?
answer: >-
  Downloads of all models in the quarter by the class of the licence; share adds up to 1 for each quarter. none states no licence, UNKNOWN was not
  reviewed; is_running says that the quarter is not over.
*/
select
    quarter,
    is_running,
    licence_class,
    sum(downloads_flow) as downloads_flow,
    sum(downloads_flow) / nullif(sum(sum(downloads_flow)) over (partition by quarter), 0) as share
from marts.openness
where level = 'country' and downloads_flow > 0
group by quarter, is_running, licence_class
order by quarter desc, downloads_flow desc, licence_class asc
limit 28
