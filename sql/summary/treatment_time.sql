-- One row per indication and number of days from the first to the last day of a treatment: how
-- many ended so, and how many were watched so long and had not ended. Counted are first treatments
-- of a patient and indication begun in the period, whose beginning the records show. A treatment
-- has ended when nothing followed within the history† that makes a course a loading one; so all are
-- watched until so many days before the records end, wherever they end first. `length_days` NULL:
-- `n_left_out`, those whose beginning is not known or too late to be watched.
-- A working table: the share that lasts is worked out of it.
WITH reach AS (
    SELECT MIN(k.to_on) - MIN(ours.loading_history_days) AS watched_to_on
    FROM temp.use_coverage AS k
    CROSS JOIN guideline.policy AS ours
),

numbered AS (
    SELECT
        t.indication_code,
        t.started_on,
        t.last_on,
        t.is_start_known,
        ROW_NUMBER() OVER (
            PARTITION BY t.patient_key, t.indication_code
            ORDER BY t.started_on, t.treatment_key
        ) AS place
    FROM derived.treatment AS t
),

watched AS (
    SELECT
        n.indication_code,
        n.last_on <= r.watched_to_on AS is_ended,
        CASE
            WHEN n.is_start_known AND n.started_on <= r.watched_to_on
                THEN CAST(LEAST(n.last_on, r.watched_to_on) - n.started_on AS INTEGER)
        END AS length_days
    FROM numbered AS n
    CROSS JOIN reach AS r
    CROSS JOIN report.period AS p
    WHERE n.place = 1 AND n.started_on >= p.from_on AND n.started_on <= p.to_on
)

SELECT
    w.indication_code,
    i.name,
    w.length_days,
    COUNT(*) FILTER (WHERE w.length_days IS NOT NULL AND w.is_ended) AS n_ended,
    COUNT(*) FILTER (WHERE w.length_days IS NOT NULL AND NOT w.is_ended) AS n_unseen,
    COUNT(*) FILTER (WHERE w.length_days IS NULL) AS n_left_out
FROM watched AS w
LEFT JOIN guideline.indication AS i ON w.indication_code = i.indication_code
GROUP BY w.indication_code, i.name, w.length_days
