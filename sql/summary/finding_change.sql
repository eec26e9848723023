-- One row per changed finding that the page lists: of each kind of change the first 50, the gravest
-- and then the latest first. All of those that still are findings stand in findings.csv.
WITH ranked AS (
    SELECT
        c.*,
        k.finding_key IS NOT NULL AS is_on_a_card,
        ROW_NUMBER() OVER (
            PARTITION BY c.change
            ORDER BY
                CASE COALESCE(c.severity, c.severity_before)
                    WHEN 'off_guideline' THEN 1
                    WHEN 'review' THEN 2
                    ELSE 3
                END ASC,
                c.subject_on DESC NULLS LAST,
                c.finding_key ASC
        ) AS place
    FROM audit.finding_change AS c
    LEFT JOIN report.finding_card AS k ON c.finding_key = k.finding_key
)

SELECT
    change,
    place,
    cause,
    finding_key,
    severity,
    severity_before,
    set_id,
    rule_id,
    subject_on,
    patient_key,
    miss,
    miss_before,
    unit,
    reason,
    is_on_a_card
FROM ranked
WHERE place <= 50
