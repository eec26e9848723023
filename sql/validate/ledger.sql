-- One row per record kind that was supplied: where its mapped rows went.
SELECT
    counted.record,
    counted.mapped_rows,
    counted.staged_rows,
    counted.quarantined_rows,
    (
        SELECT COUNT(*)
        FROM staged.set_aside
        WHERE set_aside.record = counted.record
    ) AS set_aside_rows,
    counted.opted_out_rows
FROM record_count AS counted
