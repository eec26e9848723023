-- One row per group of reports of one event: the earliest onset told, and the session of the
-- infusion it is laid to.
WITH dated AS (
    SELECT
        g.group_key,
        r.*,
        MIN(r.onset_on) OVER (PARTITION BY g.group_key) AS first_on
    FROM temp.event_group AS g
    INNER JOIN temp.event_reading AS r ON g.adverse_event_key = r.adverse_event_key
)

SELECT
    group_key,
    MIN(patient_key) AS patient_key,
    MIN(event_code) AS event_code,
    MIN(onset_at) FILTER (WHERE onset_on = first_on) AS onset_at,
    MIN(first_on) AS onset_on,
    MIN(session_key) AS named_session_key
FROM dated
GROUP BY group_key
