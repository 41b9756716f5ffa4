/*
meaning: Which lab and country a namespace stands for, and when; one that nobody reviewed is a lab of its own, of unknown country.
grain: [namespace, valid_from]
columns:
  lab_key: our number for the lab, as it was then
  namespace: owner as spelled on the Hub
  lab: slug of the lab; hf and the namespace where it was not reviewed
  country: country of the lab; UNKNOWN where the namespace was not reviewed
  is_first_party: whether the lab is reviewed and no community of uploaders, as S3 asks
  valid_from: first week it holds for
  valid_to: first week it no longer holds for
*/
with
-- No two owners differ in case alone, but others spell an owner as they like when they name a parent that was never seen.
spelled as (
    select
        namespace,
        first_value(namespace) over (partition by lower(namespace) order by max(model_key) > 0 desc, namespace asc) as owner
    from staging.tenures
    group by namespace
),

ended as (
    select
        former.namespace,
        former.lab,
        former.valid_to
    from registry.namespaces as former
    anti join registry.namespaces as latter
        on former.namespace = latter.namespace and former.lab = latter.lab and former.valid_to = latter.valid_from
),

-- A namespace may be known some days before its lab's row begins.
labs as (
    select
        lab,
        country,
        kind,
        lag(valid_to, 1, date '0001-01-01') over (partition by lab order by valid_from) as valid_from,
        valid_to
    from registry.labs
),

stated as (
    select
        spelled.namespace,
        spelled.owner,
        namespaces.lab,
        namespaces.valid_from,
        namespaces.valid_to,
        namespaces.valid_from in (
            select ended.valid_to
            from ended
            where ended.lab = namespaces.lab and ended.namespace <> namespaces.namespace
        ) as is_renamed,
        lag(namespaces.valid_to) over (partition by spelled.namespace order by namespaces.valid_from) as former_to,
        lead(namespaces.valid_from) over (partition by spelled.namespace order by namespaces.valid_from) as next_from
    from spelled
    inner join registry.namespaces as namespaces on lower(spelled.namespace) = lower(namespaces.namespace)
),

-- A model has the namespace it had when the week ended, so one that the registry knows from the middle of a week is known in it. And one that
-- takes over from another of its lab had that one's models, of which the newest were never seen under the old name.
reviewed as (
    select
        namespace,
        owner,
        lab,
        former_to,
        next_from,
        case
            when former_to >= valid_from then valid_from
            else greatest(
                cast(date_trunc('week', valid_from) as date) - case when is_renamed then 7 else 0 end, coalesce(former_to, date '0001-01-01')
            )
        end as valid_from,
        valid_to
    from stated
),

unreviewed as (
    select
        namespace,
        owner,
        date '0001-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from spelled
    anti join reviewed on spelled.namespace = reviewed.namespace
    union all
    select
        namespace,
        owner,
        coalesce(former_to, date '0001-01-01') as valid_from,
        valid_from as valid_to
    from reviewed
    where valid_from > coalesce(former_to, date '0001-01-01')
    union all
    select
        namespace,
        owner,
        valid_to as valid_from,
        date '9999-12-31' as valid_to
    from reviewed
    where next_from is null and valid_to < date '9999-12-31'
),

placed as (
    -- A week's country is the lab's when it began, so that no lab has two in one week, whenever its namespaces became known.
    select
        reviewed.namespace,
        reviewed.lab,
        labs.country,
        labs.kind <> 'community' as is_first_party,
        greatest(reviewed.valid_from, labs.valid_from) as valid_from,
        least(reviewed.valid_to, labs.valid_to) as valid_to
    from reviewed
    inner join labs
        on reviewed.lab = labs.lab and reviewed.valid_from < labs.valid_to and labs.valid_from < reviewed.valid_to
    union all
    select
        unreviewed.namespace,
        'hf:' || unreviewed.owner as lab,
        'UNKNOWN' as country,
        false as is_first_party,
        unreviewed.valid_from,
        unreviewed.valid_to
    from unreviewed
)

select
    cast(dense_rank() over (order by lab, country, is_first_party) as integer) as lab_key,
    namespace,
    lab,
    country,
    is_first_party,
    valid_from,
    valid_to
from placed
