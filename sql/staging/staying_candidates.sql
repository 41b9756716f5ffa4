/*
meaning: The models whose staying power is followed - once seen with 10,000 downloads of all time, which a peak of as many in 28 days needs, and no quantised re-pack.
grain: [model_key]
columns:
  model_key: our number for the model
  lab: slug of the lab that owned the namespace when the model was created; hf:(others) for the small ones that nobody reviewed
  country: country of that lab; UNKNOWN where nobody reviewed the namespace
  born_at: moment of its creation; the first day it was seen where that is unknown
  seen_until: day of the last snapshot with it, if it has left the Hub since; null if it is there
  counted_until: day on which its counter was last told, if it was listed after that; 9999-12-31 for others
*/
with seen as (
    select distinct coalesce(aliases.known_key, milestones.model_key) as model_key
    from staging.milestones as milestones
    left join staging.aliases as aliases on milestones.model_key = aliases.model_key
    where milestones.threshold = 10000
)

select
    traits.model_key,
    coalesce(listed.lab, 'hf:(others)') as lab,
    homes.country,
    traits.born_at,
    case when traits.gone_on is not null then models.last_seen_on end as seen_until,
    coalesce(silences.counted_until, date '9999-12-31') as counted_until
from seen
inner join staging.traits as traits on seen.model_key = traits.model_key
inner join staging.models as models on seen.model_key = models.model_key
inner join staging.homes as homes
    on
        traits.model_key = homes.model_key
        and homes.from_on <= date_trunc('week', traits.born_at)
        and date_trunc('week', traits.born_at) < homes.until_on
left join staging.listed_labs as listed on homes.lab = listed.lab
left join staging.silences as silences on traits.model_key = silences.model_key
where not traits.is_quantised
