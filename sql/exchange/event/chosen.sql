-- One row per serious event to draft a report of: what somebody reported, and if asked for what
-- results or codes show and nobody reported. Its name is a digest that only the key's holder can
-- make again, of the first report or of the event and its exposure: the same tomorrow.
WITH reported AS (
    SELECT
        'reported' AS origin,
        r.reported_event_key AS event_key,
        CONCAT_WS('|', 'reported', a.source_id, a.event_id) AS event_name,
        r.patient_key,
        r.event_code,
        r.onset_at,
        r.onset_on,
        r.session_key,
        r.course_key,
        r.attribution
    FROM derived.reported_event AS r
    INNER JOIN staged.adverse_event AS a ON r.reported_event_key = a.adverse_event_key
    WHERE r.is_serious
),

detected AS (
    SELECT
        'detected' AS origin,
        d.detected_event_key AS event_key,
        CONCAT_WS('|', 'detected', d.event, d.subject_kind, b.source_id, b.record_id) AS event_name,
        d.patient_key,
        d.event AS event_code,
        -- when it was seen, by a sample or by a code that names a day: no hour it began at
        CAST(NULL AS TIMESTAMP) AS onset_at,
        CAST(d.occurred_at AS DATE) AS onset_on,
        d.session_key,
        d.course_key,
        'detected' AS attribution
    FROM audit.detected_event AS d
    INNER JOIN temp.naming AS n ON n.is_with_detected
    LEFT JOIN audit.subject AS b ON b.subject_group = 'bag' AND d.subject_key = b.subject_key
    WHERE d.is_serious AND d.is_counted AND d.reported_event_key IS NULL
),

either AS (
    SELECT * FROM reported
    UNION ALL
    SELECT * FROM detected
)

SELECT
    LEFT(SHA256(CONCAT_WS('|', n.salt, e.event_name)), 16) AS case_id,
    e.origin,
    e.event_key,
    e.patient_key,
    e.event_code,
    e.onset_at,
    e.onset_on,
    e.session_key,
    e.course_key,
    e.attribution
FROM either AS e
CROSS JOIN temp.naming AS n
