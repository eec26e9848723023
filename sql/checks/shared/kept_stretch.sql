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

sampled AS (
    SELECT DISTINCT
        patient_key,
        collected_on
    FROM staged.lab_result
    WHERE EXISTS (SELECT m.rule_key FROM guideline.monitoring AS m)
),

kept AS (
    SELECT
        n.record,
        l.patient_key,
        CAST(NULL AS VARCHAR) AS code_system,
        l.collected_on AS kept_on,
        n.near_days
    FROM sampled AS l
    INNER JOIN near AS n ON n.record = 'lab_result'
    UNION ALL
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
        COALESCE(kept_on - LAG(kept_on) OVER in_time > 2 * near_days + 1, TRUE) AS is_first,
        COALESCE(LEAD(kept_on) OVER in_time - kept_on > 2 * near_days + 1, TRUE) AS is_last
    FROM kept
    WHERE kept_on IS NOT NULL
    WINDOW in_time AS (PARTITION BY record, patient_key, code_system ORDER BY kept_on)
),

ended AS (
    -- of all days the first and the last of each stretch, one behind the other
    SELECT
        *,
        IF(
            is_last,
            kept_on,
            LEAD(kept_on) OVER (PARTITION BY record, patient_key, code_system ORDER BY kept_on)
        ) AS last_on
    FROM parted
    WHERE is_first OR is_last
)

SELECT
    record,
    patient_key,
    code_system,
    kept_on - near_days AS from_on,
    last_on + near_days AS to_on
FROM ended
WHERE is_first
