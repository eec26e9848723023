-- One row per medicine other than an immune globulin that was given, handed out or prescribed.
-- What was prescribed counts where no dose names its request: a dose tells better what was done.
-- An issue counts where its request is not in the records.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH given AS (
    SELECT DISTINCT request_id
    FROM step.dose
    WHERE request_id IS NOT NULL
)

SELECT
    patient_id,
    medicine_system AS code_system,
    medicine_code AS code,
    started_at,
    ended_at,
    route,
    source_file,
    source_row
FROM step.dose
WHERE fate = 'medicine_not_listed' AND status IN ('completed', 'in-progress', 'stopped')
UNION ALL
SELECT
    patient_id,
    medicine_system AS code_system,
    medicine_code AS code,
    dispensed_at AS started_at,
    NULL AS ended_at,
    route,
    source_file,
    source_row
FROM step.issue
WHERE fate = 'medicine_not_listed' AND NOT has_request AND dispensed_at IS NOT NULL
UNION ALL
SELECT
    p.patient_id,
    d.code_system,
    d.code,
    p.started_at,
    p.ended_at,
    p.route,
    p.source_file,
    p.source_row
FROM step.prescribed AS p
INNER JOIN step.drug AS d ON p.concept = d.concept
LEFT JOIN given AS g ON p.request_id = g.request_id
WHERE
    p.standing = 'stands'
    AND NOT d.is_globulin
    AND g.request_id IS NULL
    AND p.started_at IS NOT NULL
