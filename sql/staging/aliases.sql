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
        substr(hub_id, 6) as model_name
    from staging.model_keys
    where starts_with(hub_id, 'name:')
),

told as (
    select
        records.model_name,
        arg_max(records.model_key, records.observed_on) as known_key,
        max(records.observed_on) as told_on
    from staging.records as records
    semi join names on lower(records.model_name) = lower(names.model_name)
    anti join names as unknown on records.model_key = unknown.model_key
    group by records.model_name
),

listed as (
    select distinct
        names.model_key,
        names.model_name,
        records.source
    from names
    inner join staging.records as records on names.model_key = records.model_key
),

-- Names that differ only in case do coexist on the Hub, so an exact match goes first, and an archive that has both means two.
apart as (
    select
        latter.model_key,
        former.model_name
    from listed as latter
    inner join listed as former
        on
            latter.source = former.source
            and lower(latter.model_name) = lower(former.model_name)
            and latter.model_key <> former.model_key
),

known as (
    select
        names.model_key,
        arg_max(told.known_key, (names.model_name = told.model_name, told.told_on, told.model_name)) as known_key
    from names
    inner join told on lower(names.model_name) = lower(told.model_name)
    anti join apart on names.model_key = apart.model_key and told.model_name = apart.model_name
    group by names.model_key
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
