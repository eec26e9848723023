-- One row per patient, indication and day on which treatment was reviewed: what its rows, one per
-- measure, say together. The indication is the review's own, else that of the approval it names;
-- NULL when neither says, or in words no code list knows: it may then be any.
WITH told AS (
    SELECT
        r.outcome_review_key,
        r.patient_key,
        r.reviewed_on,
        CASE WHEN r.indication_code IS NULL THEN a.indication_code ELSE t.indication_code END
            AS indication_code,
        r.response,
        r.decision,
        r.response IS NOT NULL OR (r.measure IS NOT NULL AND r.value IS NOT NULL) AS has_outcome
    FROM staged.outcome_review AS r
    LEFT JOIN temp.indication_text AS t ON r.indication_code = t.indication_text
    LEFT JOIN derived.approval AS a ON r.authorisation_key = a.authorisation_key
)

SELECT
    patient_key,
    indication_code,
    reviewed_on,
    MIN(outcome_review_key) AS outcome_review_key,
    BOOL_OR(has_outcome) AS has_outcome,
    BOOL_OR((response = 'improved') IS TRUE) AS is_improved,
    BOOL_OR((decision = 'continue') IS TRUE) AS is_continued,
    BOOL_OR((decision IN ('reduce', 'stop')) IS TRUE) AS is_reduced,
    BOOL_OR((decision = 'stop') IS TRUE) AS is_stopped
FROM told
GROUP BY patient_key, indication_code, reviewed_on
