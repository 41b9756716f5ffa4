/*
meaning: >-
  Names from archives without ids that are models of which a capture told the id, or that such an archive went on to list under another name;
  every other number stands for itself.
grain: [model_key]
columns:
  model_key: our number for the name
  known_key: our number for the Hub id last seen under that name, in whatever case, or under the first of the later ones that has one; else for the last name
*/
with recursive names as (
    select
        model_key,
        -- The Hub lets no two names differ in their case alone.
        lower(substr(hub_id, 6)) as folded_name
    from staging.model_keys
    where starts_with(hub_id, 'name:')
),

told as (
    select
        lower(records.model_name) as folded_name,
        arg_max(records.model_key, records.observed_on) as known_key
    from staging.records as records
    semi join names on lower(records.model_name) = names.folded_name
    anti join names as unknown on records.model_key = unknown.model_key
    group by lower(records.model_name)
),

known as (
    select
        names.model_key,
        told.known_key
    from names
    inner join told on names.folded_name = told.folded_name
),

-- A name leads to one name at most, and to a later one each time.
followed as (
    select
        changes.model_key,
        changes.next_key,
        1 as place
    from staging.name_changes as changes
    anti join known on changes.model_key = known.model_key
    union all
    select
        followed.model_key,
        changes.next_key,
        followed.place + 1 as place
    from followed
    inner join staging.name_changes as changes on followed.next_key = changes.model_key
    anti join known on changes.model_key = known.model_key
)

select
    model_key,
    known_key
from known
union all
select
    followed.model_key,
    arg_max(coalesce(known.known_key, followed.next_key), followed.place) as known_key
from followed
left join known on followed.next_key = known.model_key
group by followed.model_key
