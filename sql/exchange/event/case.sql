-- One row per draft: the patient, the days and the event, as far as the records know them.
-- A weight or height counts while it is not older than the policy† allows for a dose.
WITH weighed AS (
    SELECT
        c.case_id,
        MAX_BY(m.weight_kg, (m.measured_on, m.body_measurement_key)) AS weight_kg,
        MAX(m.measured_on) AS weighed_on
    FROM temp.chosen_case AS c
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.body_measurement AS m
        ON
            c.patient_key = m.patient_key
            AND c.onset_on >= m.measured_on
            AND c.onset_on - p.weight_max_age_days <= m.measured_on
    WHERE m.weight_kg IS NOT NULL
    GROUP BY c.case_id
),

sized AS (
    SELECT
        c.case_id,
        MAX_BY(m.height_cm, (m.measured_on, m.body_measurement_key)) AS height_cm,
        MAX(m.measured_on) AS sized_on
    FROM temp.chosen_case AS c
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.body_measurement AS m
        ON
            c.patient_key = m.patient_key
            AND c.onset_on >= m.measured_on
            AND c.onset_on - p.child_height_max_age_days <= m.measured_on
    WHERE m.height_cm IS NOT NULL
    GROUP BY c.case_id
),

told AS (
    SELECT
        c.case_id,
        MIN(a.reported_on) AS first_told_on,
        MAX(a.reported_on) AS last_told_on,
        LIST(DISTINCT a.report_reference ORDER BY a.report_reference) AS refs,
        STRING_AGG(DISTINCT a.reported_to, ', ' ORDER BY a.reported_to) AS told_to
    FROM temp.chosen_case AS c
    INNER JOIN derived.event_report AS e
        ON c.origin = 'reported' AND c.event_key = e.reported_event_key
    INNER JOIN staged.adverse_event AS a ON e.adverse_event_key = a.adverse_event_key
    GROUP BY c.case_id
)

SELECT
    c.case_id,
    c.origin,
    c.onset_at,
    c.onset_on,
    c.attribution,
    COALESCE(g.name, c.event_code) AS event_name,
    y.name AS person,
    n.is_by_id,
    p.sex,
    p.birth_date,
    p.birth_year,
    p.deceased_on,
    w.weight_kg,
    w.weighed_on,
    s.height_cm,
    s.sized_on,
    t.first_told_on,
    t.last_told_on,
    t.refs,
    t.told_to,
    CASE WHEN k.indication_source IN ('infusion', 'authorisation') THEN i.name END AS indication,
    f.as_of
FROM temp.chosen_case AS c
CROSS JOIN temp.naming AS n
CROSS JOIN guideline.policy AS f
INNER JOIN staged.patient AS p ON c.patient_key = p.patient_key
INNER JOIN temp.person AS y ON c.patient_key = y.patient_key
LEFT JOIN guideline.event AS g ON c.event_code = g.event_code
LEFT JOIN derived.course AS k ON c.course_key = k.course_key
LEFT JOIN guideline.indication AS i ON k.indication_code = i.indication_code
LEFT JOIN weighed AS w ON c.case_id = w.case_id
LEFT JOIN sized AS s ON c.case_id = s.case_id
LEFT JOIN told AS t ON c.case_id = t.case_id
ORDER BY c.case_id
