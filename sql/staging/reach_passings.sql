/*
meaning: When each release of a reviewed lab first passed each threshold of downloads.
grain: [model_key, threshold]
columns:
  model_key: our number for the model
  threshold: downloads of all time; 0 is the release itself
  passed_on: day it was first seen with so many; the day of its release for 0
  is_first_look: whether that was in the first list of the whole Hub or before it, so that it may have passed at any earlier time
  lab: slug of the lab
  country: country of the lab at the release
  is_base: whether it names no parent that counts
  is_language: whether it is in S2
*/
with passed as (
    select
        coalesce(aliases.known_key, milestones.model_key) as model_key,
        milestones.threshold,
        min(milestones.observed_on) as passed_on
    from staging.milestones as milestones
    left join staging.aliases as aliases on milestones.model_key = aliases.model_key
    where milestones.source <> 'huggingface_quick'
    group by coalesce(aliases.known_key, milestones.model_key), milestones.threshold
),

-- What an archive of a part of the Hub did not list may have been there all along.
first_look as (
    select coalesce(min(observed_on) filter (where is_complete), min(observed_on)) as observed_on
    from staging.chain
    where source <> 'huggingface_quick'
)

select
    releases.model_key,
    passed.threshold,
    passed.passed_on,
    passed.passed_on <= (select first_look.observed_on from first_look) as is_first_look,
    releases.lab,
    releases.country,
    releases.is_base,
    releases.is_language
from passed
inner join staging.releases as releases on passed.model_key = releases.model_key
union all
select
    model_key,
    0 as threshold,
    cast(released_at as date) as passed_on,
    false as is_first_look,
    lab,
    country,
    is_base,
    is_language
from staging.releases
