-- One row per patient on the list, as the source names them: the nearest likeness, the sessions and
-- known grams of the lot in that likeness, all lines, first and last day, last contact and events.
-- What is only possibly the lot is not added to what was asked for: it stands in its own lines.
WITH nearest AS (
    SELECT
        person,
        MIN(likeness_order) AS likeness_order
    FROM temp.line
    WHERE is_listed
    GROUP BY person
),

given AS (
    SELECT
        l.person,
        COUNT(DISTINCT l.session_key) AS n_sessions,
        SUM(l.lot_g) AS lot_g,
        BOOL_AND(l.lot_g IS NOT NULL) AS is_every_gram_known
    FROM temp.line AS l
    INNER JOIN nearest AS n
        ON l.person = n.person AND l.likeness_order = n.likeness_order
    WHERE l.is_listed AND l.section IN ('given', 'subcutaneous') AND l.record = 'infusion'
    GROUP BY l.person
),

event AS (
    SELECT
        patient_key,
        COUNT(*) AS n_events
    FROM temp.event
    GROUP BY patient_key
)

SELECT
    MAX(l.patient_id) AS patient_id,
    MIN(l.likeness_order) AS likeness_order,
    ARG_MIN(l.likeness, l.likeness_order) AS likeness,
    STRING_AGG(DISTINCT l.why, ' ' ORDER BY l.why) AS why,
    MAX(g.n_sessions) AS n_sessions,
    COUNT(*) AS n_lines,
    MAX(g.lot_g) AS lot_g,
    BOOL_AND(g.is_every_gram_known) AS is_every_gram_known,
    MIN(l.on_date) AS first_on,
    MAX(l.on_date) AS last_on,
    STRING_AGG(DISTINCT l.site_id, ' ' ORDER BY l.site_id) AS sites,
    MAX(c.last_contact_on) AS last_contact_on,
    MAX(c.contact_record) AS contact_record,
    MAX(p.deceased_on) AS deceased_on,
    MAX(e.n_events) AS n_events
FROM temp.line AS l
LEFT JOIN given AS g ON l.person = g.person
LEFT JOIN temp.last_contact AS c ON l.patient_key = c.patient_key
LEFT JOIN staged.patient AS p ON l.patient_key = p.patient_key
LEFT JOIN event AS e ON l.patient_key = e.patient_key
WHERE l.is_listed AND l.person IS NOT NULL
GROUP BY l.person
ORDER BY likeness_order, patient_id, l.person
