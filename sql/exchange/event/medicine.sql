-- One row per draft and other medicine in force between the first bag of the course and the day
-- the event began. A medicine without an end counts for the policy's† days after its start.
WITH span AS (
    SELECT
        c.case_id,
        c.patient_key,
        COALESCE(k.started_on, c.onset_on) AS from_on,
        COALESCE(c.onset_on, k.last_on) AS to_on
    FROM temp.chosen_case AS c
    LEFT JOIN derived.course AS k ON c.course_key = k.course_key
)

SELECT DISTINCT
    s.case_id,
    m.code_system,
    m.code,
    m.started_on,
    m.ended_on,
    m.route
FROM span AS s
CROSS JOIN guideline.policy AS p
INNER JOIN staged.medication AS m
    ON
        s.patient_key = m.patient_key
        AND s.to_on >= m.started_on
        AND s.from_on <= COALESCE(m.ended_on, m.started_on + p.medicine_proof_days)
WHERE m.code NOT LIKE 'J06BA%' -- immunoglobulin is the drug in question
ORDER BY ALL
