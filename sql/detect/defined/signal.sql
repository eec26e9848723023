-- One row per case definition and course, or session where the window is of the infusion, with
-- anything to answer it. A signal, never a verdict. `guards` say why one that is met stays out
-- of every numerator.
WITH guard AS (
    SELECT
        definition_id,
        subject_kind,
        subject_key,
        STRING_AGG(DISTINCT word, ' ' ORDER BY word) AS words
    FROM temp.guard_found
    GROUP BY definition_id, subject_kind, subject_key
)

SELECT
    a.definition_id,
    a.event,
    a.subject_kind,
    a.subject_key,
    a.course_key,
    a.session_key,
    a.patient_key,
    a.status,
    a.reason,
    a.stage,
    a.n_results,
    a.occurred_at,
    a.lab_result_key,
    a.diagnosis_key,
    a.observed,
    a.baseline,
    a.unit,
    NULLIF(CONCAT_WS(' ', a.own_guards, g.words), '') AS guards,
    a.status = 'met' AND a.own_guards IS NULL AND g.words IS NULL AS is_counted
FROM temp.answered AS a
LEFT JOIN guard AS g
    ON
        a.definition_id = g.definition_id
        AND a.subject_kind = g.subject_kind
        AND a.subject_key = g.subject_key
