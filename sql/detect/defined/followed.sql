-- One row per window of an exposure and result that lies in it for certain or possibly.
WITH asked AS (
    SELECT DISTINCT
        d.window_of,
        c.analyte
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.analyte IS NOT NULL
)

SELECT
    s.window_of,
    s.subject_kind,
    s.subject_key,
    r.analyte,
    r.lab_result_key,
    r.taken_from,
    r.finding,
    r.is_read,
    r.at_least,
    r.at_most,
    r.taken_from >= s.opens_latest AND r.taken_to <= s.closes_earliest AS is_inside,
    s.ended_latest
FROM temp.subject AS s
INNER JOIN asked AS a ON s.window_of = a.window_of
INNER JOIN temp.sample AS r
    ON
        s.patient_key = r.patient_key
        AND a.analyte = r.analyte
        AND s.opens_earliest <= r.taken_to
        AND s.closes_latest >= r.taken_from
WHERE r.is_timed OR s.opens_earliest < r.taken_to
