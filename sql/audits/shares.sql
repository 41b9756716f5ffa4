/*
meaning: Whether the share tables agree with each other and with the flow they come from.
expect:
  flow_lost_in_countries: {min: -0.000001, max: 0.000001, says: the countries' downloads add up to the flow of all models, each week in its own scope}
  flow_lost_in_labs: {min: -0.000001, max: 0.000001, says: "the labs' downloads add up to the flow of all models"}
  weeks_without_share: {min: 0, max: 0, says: every week with a flow has shares}
*/
with whole as (
    select cast(coalesce(sum(downloads_flow), 0) as double) as total
    from staging.flow
),

countries as (
    select coalesce(sum(downloads_flow), 0) as total
    from marts.share_by_country
    where scope in ('S1', 'S1-quick') and credit = 'publisher' and time_window = 'week'
),

labs as (
    select coalesce(sum(downloads_flow), 0) as total
    from marts.share_by_lab
    where scope in ('S1', 'S1-quick') and credit = 'publisher' and time_window = 'week'
)

select
    (countries.total - whole.total) / greatest(whole.total, 1) as flow_lost_in_countries,
    (labs.total - whole.total) / greatest(whole.total, 1) as flow_lost_in_labs,
    (
        select count(distinct week)
        from staging.flow
        where week not in (select week from marts.share_by_country)
    ) as weeks_without_share
from whole, countries, labs
