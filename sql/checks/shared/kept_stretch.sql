-- One row per patient, record kind, code system and stretch of days in which such records of the
-- patient follow each other so closely that none of its days is further from one than the proof
-- days† of the kind. It shows where another record would have been seen; only of kinds of record
-- that some rule misses something in.
WITH near AS (
    SELECT
        'lab_result' AS record,
        lab_proof_days AS near_days
    FROM guideline.policy
    WHERE EXISTS (SELECT m.rule_key FROM guideline.monitoring AS m)
    UNION ALL
    SELECT
        'medication' AS record,
        medicine_proof_days AS near_days
    FROM guideline.policy
    WHERE
        EXISTS (SELECT c.rule_key FROM guideline.concomitant AS c)
        OR EXISTS (SELECT m.rule_key FROM guideline.premedication AS m)
),

kept AS (
    SELECT DISTINCT
        n.record,
        l.patient_key,
        CAST(NULL AS VARCHAR) AS code_system,
        l.collected_on AS kept_on,
        n.near_days
    FROM staged.lab_result AS l
    INNER JOIN near AS n ON n.record = 'lab_result'
    UNION
    SELECT DISTINCT
        n.record,
        t.patient_key,
        t.code_system,
        UNNEST([t.started_on, t.ended_on]) AS kept_on,
        n.near_days
    FROM staged.medication AS t
    INNER JOIN near AS n ON n.record = 'medication'
),

parted AS (
    SELECT
        *,
        -- a window widened by the proof days on both sides cannot fall between two closer than this
        COALESCE(
            kept_on - LAG(kept_on) OVER in_time > 2 * near_days + 1, TRUE
        ) AS is_new
    FROM kept
    WHERE kept_on IS NOT NULL
    WINDOW in_time AS (PARTITION BY record, patient_key, code_system ORDER BY kept_on)
),

numbered AS (
    SELECT
        *,
        COUNT(*) FILTER (WHERE is_new) OVER (
            PARTITION BY record, patient_key, code_system
            ORDER BY kept_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch
    FROM parted
)

SELECT
    record,
    patient_key,
    code_system,
    MIN(kept_on) - MIN(near_days) AS from_on,
    MAX(kept_on) + MIN(near_days) AS to_on
FROM numbered
GROUP BY record, patient_key, code_system, stretch
