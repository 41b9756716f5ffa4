/*
meaning: Renames that an archive without ids shows by what one name left and another brought.
grain: [model_key]
columns:
  source: who captured it
  model_key: our number for the name that went
  next_key: our number for the name that came in its place
  from_on: day of the last snapshot with the old name
  to_on: day of the first one with the new name
  gained: downloads between the two; negative after a recount
checks:
  - holds: {rule: "from_on < to_on and to_on - from_on <= 3", says: each name came within three days after the one that it follows was last seen}
*/
with names as (
    select
        keys.model_key,
        substr(keys.hub_id, 6) as model_name,
        min(records.created_at) as created_at
    from staging.model_keys as keys
    inner join staging.records as records on keys.model_key = records.model_key
    where starts_with(keys.hub_id, 'name:')
    group by keys.model_key, keys.hub_id
),

last_moves as (
    select
        moves.source,
        moves.model_key,
        max(moves.observed_on) as observed_on,
        arg_max(moves.is_there, moves.observed_on) as is_there
    from staging.sightings as moves
    semi join names on moves.model_key = names.model_key
    group by moves.source, moves.model_key
),

-- A name that one archive still lists has gone from none.
went as (
    select
        moves.source,
        moves.model_key,
        chain.previous_on as from_on
    from last_moves as moves
    inner join staging.chain as chain on moves.source = chain.source and moves.observed_on = chain.observed_on
    anti join last_moves as listed on moves.model_key = listed.model_key and listed.is_there
),

came as (
    select
        moves.source,
        moves.model_key,
        moves.observed_on as to_on
    from staging.sightings as moves
    semi join names on moves.model_key = names.model_key
    inner join staging.chain as chain
        on moves.source = chain.source and moves.observed_on = chain.observed_on and chain.previous_on is not null
    where moves.is_there
),

pairs as (
    select
        went.source,
        went.model_key,
        came.model_key as next_key,
        went.from_on,
        came.to_on
    from went
    inner join came on went.source = came.source and went.from_on < came.to_on and went.from_on >= came.to_on - 3
    inner join names as former on went.model_key = former.model_key
    inner join names as latter on came.model_key = latter.model_key
    where
        former.model_name <> latter.model_name
        and (
            split_part(former.model_name, '/', 1) = split_part(latter.model_name, '/', 1)
            or split_part(former.model_name, '/', 2) = split_part(latter.model_name, '/', 2)
        )
        and coalesce(former.created_at = latter.created_at, true)
),

likely as (
    select
        pairs.*,
        latter.downloads_all_time - former.downloads_all_time as gained
    from pairs
    inner join staging.counters as former
        on pairs.source = former.source and pairs.from_on = former.observed_on and pairs.model_key = former.model_key
    inner join staging.counters as latter
        on pairs.source = latter.source and pairs.to_on = latter.observed_on and pairs.next_key = latter.model_key
    where
        -- One per cent of fewer is less than one download: counters that small are equal by chance.
        former.downloads_all_time >= 100
        and abs(latter.downloads_all_time - former.downloads_all_time) <= 0.01 * former.downloads_all_time
)

select
    source,
    model_key,
    next_key,
    from_on,
    to_on,
    gained
from likely
-- Of two names that could both be it, neither is known to be.
qualify
    count(*) over (partition by source, model_key) = 1
    and count(*) over (partition by source, next_key, to_on) = 1
    and row_number() over (partition by model_key order by to_on, source) = 1
