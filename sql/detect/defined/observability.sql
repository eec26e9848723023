-- One row per case definition: how many exposures of the period it could have been seen in, and
-- between which shares the truth lies: none of the unobserved had it, or all had.
WITH exposed AS (
    SELECT
        'course' AS subject_kind,
        COUNT(*) AS n_exposed,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM derived.course
    WHERE is_in_period
    HAVING COUNT(*) > 0
    UNION ALL
    SELECT
        'session' AS subject_kind,
        COUNT(*) AS n_exposed,
        COUNT(DISTINCT s.patient_key) AS n_patients
    FROM derived.session AS s
    INNER JOIN derived.course AS c ON s.course_key = c.course_key
    WHERE c.is_in_period
    HAVING COUNT(*) > 0
),

answered AS (
    SELECT
        definition_id,
        COUNT(*) FILTER (WHERE status <> 'not_evaluable') AS n_answered,
        COUNT(*) FILTER (WHERE status = 'not_evaluable') AS n_open,
        COUNT(*) FILTER (WHERE status = 'not_met') AS n_not_met,
        COUNT(*) FILTER (WHERE status = 'met') AS n_met,
        COUNT(*) FILTER (WHERE is_counted) AS n_counted,
        COUNT(DISTINCT patient_key) FILTER (WHERE is_counted) AS n_patients_counted
    FROM audit.signal
    GROUP BY definition_id
),

told AS (
    SELECT
        d.definition_key,
        d.definition_id,
        d.event,
        d.event_name,
        d.subject_kind,
        e.n_exposed,
        e.n_patients,
        IF(a.definition_id IS NULL, 0, a.n_answered) AS n_answered,
        IF(a.definition_id IS NULL, 0, a.n_open) AS n_open,
        IF(a.definition_id IS NULL, 0, a.n_not_met) AS n_not_met,
        IF(a.definition_id IS NULL, 0, a.n_met) AS n_met,
        IF(a.definition_id IS NULL, 0, a.n_counted) AS n_counted,
        IF(a.definition_id IS NULL, 0, a.n_patients_counted) AS n_patients_counted
    FROM guideline.definition AS d
    INNER JOIN exposed AS e ON d.subject_kind = e.subject_kind
    LEFT JOIN answered AS a ON d.definition_id = a.definition_id
)

SELECT
    *,
    n_met - n_counted AS n_flagged,
    n_exposed - n_answered - n_open AS n_silent,
    CAST(n_answered / n_exposed AS DECIMAL(9, 6)) AS share_observable,
    CAST(n_counted / n_exposed AS DECIMAL(9, 6)) AS bound_low,
    CAST((n_counted + n_exposed - n_answered) / n_exposed AS DECIMAL(9, 6)) AS bound_high
FROM told
