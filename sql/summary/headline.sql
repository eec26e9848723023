-- One row per headline number, as the report and the command line print it.
-- The share off guideline has a row for each named set; all its parts stand in
-- report.judgement, one row per set.
WITH number_shown AS (
    SELECT
        1 AS place,
        '' AS set_id,
        'Immunoglobulin given' AS caption,
        CASE
            WHEN grams IS NULL THEN 'unknown'
            ELSE FORMAT('{:,} g', CAST(ROUND(grams) AS BIGINT))
        END AS shown
    FROM report.use_total
    UNION ALL
    SELECT
        2 AS place,
        '' AS set_id,
        'Infusions' AS caption,
        FORMAT('{:,}', n_infusions) AS shown
    FROM report.use_total
    UNION ALL
    SELECT
        3 AS place,
        '' AS set_id,
        'Patients' AS caption,
        FORMAT('{:,}', n_patients) AS shown
    FROM report.use_total
    UNION ALL
    SELECT
        4 AS place,
        set_id,
        'Closed courses off guideline (' || set_id || ')' AS caption,
        CASE
            WHEN n_judged IS NULL OR n_judged = 0
                THEN 'no closed course could be judged'
            ELSE FORMAT(
                '{:.1f}% ({:,} of {:,} judged; bounds {:.1f}% to {:.1f}%; '
                || 'coverage {:.1f}% of grams)',
                CAST(100 * share_off AS DOUBLE),
                n_off,
                n_judged,
                CAST(100 * bound_low AS DOUBLE),
                CAST(100 * bound_high AS DOUBLE),
                CAST(100 * coverage AS DOUBLE)
            )
        END AS shown
    FROM report.judgement
    UNION ALL
    SELECT
        5 AS place,
        '' AS set_id,
        'Findings to review' AS caption,
        FORMAT('{:,}', COUNT(*)) AS shown
    FROM audit.verdict
    WHERE status = 'breached' AND severity = 'review'
)

SELECT
    -- `position`, `label` and `shown` are the names the command line reads
    caption AS label, -- noqa: RF04
    shown,
    ROW_NUMBER() OVER (ORDER BY place, set_id) AS position -- noqa: RF04
FROM number_shown
