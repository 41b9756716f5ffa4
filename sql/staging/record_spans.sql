/*
meaning: From when to when each record said what it says, and which is the newest of each model.
grain: [source, listed_key, observed_on]
columns:
  source: who captured it
  listed_key: our number for the model, or for its name in an archive without ids
  model_key: our number for the model
  observed_on: day of the first snapshot that says so
  last_on: day of the last snapshot that says so
  is_latest: whether it is the newest record of the model, of our own captures where these ever listed it
*/
with followed as (
    select
        source,
        model_key,
        observed_on,
        lead(observed_on) over (partition by source, model_key order by observed_on) as next_on
    from staging.records
),

-- A record that comes back after an absence begins anew, and the old one ended with its stay.
bounded as (
    select
        followed.source,
        followed.model_key as listed_key,
        stays.model_key,
        followed.observed_on,
        least(stays.last_on, coalesce(chain.previous_on, stays.last_on)) as last_on
    from followed
    inner join staging.stays as stays
        on
            followed.source = stays.source
            and followed.model_key = stays.listed_key
            and followed.observed_on between stays.first_on and stays.last_on
    left join staging.chain as chain on followed.source = chain.source and followed.next_on = chain.observed_on
)

select
    source,
    listed_key,
    model_key,
    observed_on,
    last_on,
    row_number() over (
        partition by model_key
        -- An archive may lack what decides where a model is counted, such as its task, and lack it for all of them at once.
        order by
            source in ('huggingface', 'huggingface_quick') desc,
            last_on desc,
            source = 'huggingface' desc,
            source asc,
            observed_on desc,
            listed_key asc
    ) = 1 as is_latest
from bounded
