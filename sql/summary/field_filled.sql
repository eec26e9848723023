-- One row per record kind supplied, field that a source may leave empty, part of it and quarter of
-- the rows (NULL: no day dates them): accepted rows that could hold it, and that do.
-- `part`: `value`; `hour`, the time of day, of rows with a day; `link`, the record that an id names
-- was found, of rows with an id. All rows of the source count, whatever the period;
-- `is_shown`: the quarter is one of the last eight† of the period.
SELECT
    f.record,
    f.place,
    f.column_name,
    f.part,
    f.quarter_on,
    f.n_rows,
    f.n_filled,
    CAST(f.n_filled / NULLIF(f.n_rows, 0) AS DECIMAL(9, 6)) AS share_filled,
    (
        f.quarter_on <= p.to_on
        AND f.quarter_on >= DATE_TRUNC('quarter', p.from_on)
        AND f.quarter_on > DATE_TRUNC('quarter', p.to_on) - INTERVAL 24 MONTHS
    ) IS TRUE AS is_shown
FROM temp.field_count AS f
CROSS JOIN report.period AS p
