/*
meaning: >-
  The labs that weekly tables show by name: all reviewed ones, and of the namespaces that nobody reviewed the 2,000 most
  downloaded today and the 200 most named as parents that were never seen. The others stand together as hf:(others);
  concentration is computed with each of them apart.
grain: [lab]
columns:
  lab: slug of the lab, or hf and the namespace
*/
with downloaded as (
    select
        tenures.namespace,
        sum(coalesce(counters.downloads_30d, counters.downloads_all_time, 0)) as downloads
    from staging.counters as counters
    inner join staging.chain as newest
        on counters.source = newest.source and counters.observed_on = newest.observed_on and newest.observed_on = newest.newest_on
    left join staging.aliases as aliases on counters.model_key = aliases.model_key
    inner join staging.tenures as tenures on coalesce(aliases.known_key, counters.model_key) = tenures.model_key
    group by tenures.namespace
),

named as (
    select
        tenures.namespace,
        count(*) as children
    from staging.parents as parents
    inner join staging.stubs as stubs on parents.parent_key = stubs.model_key
    inner join staging.tenures as tenures on stubs.model_key = tenures.model_key
    where stubs.stub_name = lower(stubs.model_name)
    group by tenures.namespace
),

shown as (
    (select namespace from downloaded order by downloads desc, namespace asc limit 2000)
    union
    (select namespace from named order by children desc, namespace asc limit 200)
)

select distinct publishers.lab
from staging.publishers as publishers
where publishers.country <> 'UNKNOWN' or publishers.namespace in (select namespace from shown)
