-- One row per record kind supplied, field that a source may leave empty and part of it: in how many
-- accepted rows it is filled (`state`: `always partly never`, `none` where no row could hold it),
-- and the most its share fell from one quarter shown to a later one, where that is more than
-- chance: at least 30† rows in both, 10† points, and three standard errors of a difference.
WITH pair AS (
    SELECT
        b.record,
        b.column_name,
        b.part,
        b.quarter_on AS before_on,
        b.n_rows AS n_rows_before,
        b.share_filled AS share_before,
        a.quarter_on AS after_on,
        a.n_rows AS n_rows_after,
        a.share_filled AS share_after,
        CAST(b.n_filled AS HUGEINT) * a.n_rows - CAST(a.n_filled AS HUGEINT) * b.n_rows AS fall,
        CAST(b.n_rows AS HUGEINT) * a.n_rows AS of_all,
        CAST(b.n_rows + a.n_rows AS HUGEINT) AS n,
        CAST(b.n_filled + a.n_filled AS HUGEINT) AS n_filled
    FROM report.field_filled AS b
    INNER JOIN report.field_filled AS a
        ON
            b.record = a.record
            AND b.column_name = a.column_name
            AND b.part = a.part
            AND b.quarter_on < a.quarter_on
    WHERE b.is_shown AND a.is_shown AND b.n_rows >= 30 AND a.n_rows >= 30
),

fallen AS (
    SELECT
        record,
        column_name,
        part,
        before_on,
        n_rows_before,
        share_before,
        after_on,
        n_rows_after,
        share_after,
        share_before - share_after AS share_fallen
    FROM pair
    WHERE
        10 * fall >= of_all
        -- the square of three standard errors, multiplied out: whole numbers compare exactly
        AND fall * fall * n > 9 * n_filled * (n - n_filled) * of_all
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY record, column_name, part
            ORDER BY share_before - share_after DESC, after_on ASC, before_on DESC
        ) = 1
),

summed AS (
    SELECT
        record,
        column_name,
        part,
        MIN(place) AS place,
        SUM(n_rows) AS n_rows,
        SUM(n_filled) AS n_filled
    FROM report.field_filled
    GROUP BY record, column_name, part
)

SELECT
    s.record,
    s.place,
    s.column_name,
    s.part,
    s.n_rows,
    s.n_filled,
    CAST(s.n_filled / NULLIF(s.n_rows, 0) AS DECIMAL(9, 6)) AS share_filled,
    CASE
        WHEN s.n_rows = 0 THEN 'none'
        WHEN s.n_filled = s.n_rows THEN 'always'
        WHEN s.n_filled = 0 THEN 'never'
        ELSE 'partly'
    END AS state,
    f.before_on,
    f.n_rows_before,
    f.share_before,
    f.after_on,
    f.n_rows_after,
    f.share_after,
    f.share_fallen
FROM summed AS s
LEFT JOIN fallen AS f
    ON s.record = f.record AND s.column_name = f.column_name AND s.part = f.part
