/*
meaning: Weekly flow with the lab, parent and country that get the credit, once for each scope.
kind: view
grain: [week, scope, credit, time_window, hub_id]
columns:
  week: Monday of the ISO week, UTC
  scope: S1 all models; S2 text generation and image-text-to-text; S1-quick and S2-quick the same, but only of what a quick capture asked for
  credit: publisher, the lab that uploaded
  time_window: length of time added up; only single weeks so far
  hub_id: the Hub's immutable id
  lab: slug of the lab; hf and the namespace where the namespace was not reviewed
  country: country of the lab; UNKNOWN where the namespace was not reviewed
  downloads_flow: downloads in the week
  is_estimate: whether it is estimated from the 30-day counter
  as_of: last snapshot used
*/
with
-- A model belongs to the namespace it had when the week ended: after an owner's rename, the past stays with the old name.
names as (
    select
        hub_id,
        case when contains(model_name, '/') then split_part(model_name, '/', 1) end as namespace,
        row_number() over (partition by hub_id order by first_seen_on, model_name) as place,
        first_seen_on,
        lead(first_seen_on) over (partition by hub_id order by first_seen_on, model_name) as next_on
    from core.model_names
),

placed as (
    select
        flow.week,
        flow.hub_id,
        models.pipeline_tag,
        case when flow.source = 'huggingface_quick' then '-quick' else '' end as coverage,
        coalesce(reviewed.lab, 'hf:' || coalesce(names.namespace, models.namespace, models.model_name)) as lab,
        coalesce(reviewed.country, 'UNKNOWN') as country,
        flow.downloads_flow,
        flow.is_estimate,
        flow.as_of
    from core.weekly_flow as flow
    inner join core.models as models on flow.hub_id = models.hub_id
    inner join names
        on
            flow.hub_id = names.hub_id
            and (names.place = 1 or names.first_seen_on < flow.week + 7)
            and (names.next_on is null or flow.week + 7 <= names.next_on)
    left join registry.namespaces as reviewed
        on
            lower(coalesce(names.namespace, models.namespace)) = lower(reviewed.namespace)
            and flow.week >= reviewed.valid_from
            and flow.week < reviewed.valid_to
)

select
    week,
    'S1' || coverage as scope,
    'publisher' as credit,
    'week' as time_window,
    hub_id,
    lab,
    country,
    downloads_flow,
    is_estimate,
    as_of
from placed
union all
select
    week,
    'S2' || coverage as scope,
    'publisher' as credit,
    'week' as time_window,
    hub_id,
    lab,
    country,
    downloads_flow,
    is_estimate,
    as_of
from placed
where pipeline_tag in ('text-generation', 'image-text-to-text')
