/*
meaning: Whether anything was lost between the snapshots and the marts.
expect:
  snapshots_without_rows: {min: 0, max: 0, says: every sealed snapshot of models has some}
  models_lost: {min: 0, max: 0, says: every model that was ever seen is in core.models}
  rows_lost: {min: 0, max: 0, says: every loaded record of a snapshot is readable in its Parquet}
*/
select
    (select count(*) from core.snapshots where table_name = 'models' and row_count = 0) as snapshots_without_rows,
    (select count(distinct hub_id) from staging.models) - (select count(*) from core.models) as models_lost,
    (
        (select sum(row_count) from core.snapshots) - (select count(*) from staging.models) - (select count(*) from raw.owners)
    ) as rows_lost
