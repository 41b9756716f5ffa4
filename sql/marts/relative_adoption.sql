/*
meaning: >-
  How well a model is taken up, compared with the most downloaded of its size class at the same age. Models created while we were looking,
  no quantised re-packs, that a reviewed lab released or that were ever seen with 10,000 downloads.
grain: [hub_id, age_days, version]
columns:
  hub_id: the Hub's immutable id
  age_days: days since its creation; 7, 14, 30, 60, 90, 180 or 365
  version: v1, against the median of the ten most downloaded of its size class at that age; v2, against the tenth, made monotone over the ages
  size_band: size class by parameters_total; unknown where the Hub does not say, and then without a value
  value: downloads / the baseline; null without a baseline, or where that is 0
  baseline_id: quarter whose baseline it is, that in which the model reached the age; null where there was none yet
  model_name: owner/name when last seen
  lab: slug of the lab when it was created; hf and the namespace where it was not reviewed
  country: country of the lab then; UNKNOWN where it was not reviewed
  scope: S1, all models; quantised re-packs left out
  downloads: measured downloads from its creation to that age
  reached_on: day it reached the age
  as_of: last snapshot used
checks:
  - one_of: {column: version, values: [v1, v2]}
  - one_of: {column: age_days, values: [7, 14, 30, 60, 90, 180, 365]}
  - between: {column: value, min: 0}
  - between: {column: downloads, min: 0}
  - not_null: [size_band, lab, country, downloads]
  - refers_to: {column: country, table: registry.countries, key: country}
  - refers_to: {column: baseline_id, table: marts.adoption_baselines, key: baseline_id}
  - holds: {rule: size_band <> 'unknown' or value is null, says: a model of unknown size is compared with nobody}
  - holds: {rule: reached_on <= as_of, says: no age is told before it is reached}
warnings:
  - An age that lies before our first snapshot, in a week that was only estimated, or after the model left the Hub, has no row.
  - The counter is seen once a week, so the first week's age is read between two snapshots.
  - Values of two baselines are not comparable to the digit; each says how a model did against its own time.
*/
select
    models.hub_id,
    ages.age_days,
    versions.version,
    ages.size_band,
    cast(ages.downloads as double)
    / nullif(case versions.version when 'v1' then baselines.median_of_ten else baselines.tenth_monotone end, 0) as value,
    case when baselines.tenth is not null then baselines.baseline_id end as baseline_id,
    models.model_name,
    publishers.lab,
    publishers.country,
    'S1' as scope,
    cast(ages.downloads as double) as downloads,
    cast(ages.reached_at as date) as reached_on,
    (select max(chain.newest_on) from staging.chain as chain where chain.source <> 'huggingface_quick') as as_of
from staging.adoption_ages as ages
cross join (values ('v1'), ('v2')) as versions (version)
inner join staging.models as models on ages.model_key = models.model_key
inner join staging.tenures as tenures
    on
        ages.model_key = tenures.model_key
        and tenures.from_on <= date_trunc('week', models.created_at)
        and date_trunc('week', models.created_at) < tenures.until_on
inner join staging.publishers as publishers
    on
        tenures.namespace = publishers.namespace
        and publishers.valid_from <= date_trunc('week', models.created_at)
        and date_trunc('week', models.created_at) < publishers.valid_to
left join marts.adoption_baselines as baselines
    on
        cast(date_trunc('quarter', ages.reached_at) as date) = baselines.quarter
        and ages.size_band = baselines.size_band
        and ages.age_days = baselines.age_days
