/*
meaning: Whether anything was lost between the snapshots and the marts.
expect:
  snapshots_without_rows: {min: 0, max: 0, says: every sealed snapshot of models has some}
  models_lost: {min: 0, max: 0, says: every model of which any record could be read is in core.models}
  rows_lost: {min: 0, max: 0, says: every record loaded by a capture is in the facts}
*/
select
    (select count(*) from core.snapshots where table_name = 'models' and row_count = 0) as snapshots_without_rows,
    (select count(distinct model_key) from staging.records)
    - (select count(*) from staging.aliases)
    - (select count(*) from staging.models) as models_lost,
    (select coalesce(sum(row_count), 0) from core.snapshots where table_name = 'models' and status = 'sealed')
    - (
        select count(*)
        from staging.counters as counters
        semi join (select * from core.snapshots where status = 'sealed') as captured
            on counters.source = captured.source and counters.observed_on = captured.observed_on
    ) as rows_lost
