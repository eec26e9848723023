-- One row per finding and record behind it: `given` is what was judged, the other roles are what
-- it was judged by.
WITH finding AS (
    SELECT
        f.finding_key,
        f.kind,
        f.clause,
        f.unit,
        f.subject_kind,
        f.subject_key,
        f.course_key,
        f.patient_key,
        c.previous_course_key,
        c.started_on,
        c.last_on,
        c.interval_status,
        c.indication_code,
        c.indication_source,
        w.weight_record,
        w.weight_record_key,
        w.measured_on,
        f.rule_key,
        f.cap,
        b.fault,
        b.episode_key,
        b.reading,
        b.is_repeat,
        b.started_on AS part_started_on,
        b.last_on AS part_last_on,
        b.after_event,
        b.from_event
    FROM audit.finding AS f
    LEFT JOIN temp.dose_breach AS b
        ON f.kind = 'regimen' AND f.rule_key = b.rule_key AND f.subject_key = b.course_key
    LEFT JOIN derived.course AS c ON f.course_key = c.course_key
    LEFT JOIN derived.course_weight AS w ON f.course_key = w.course_key
),

told AS (
    -- what the check itself named
    SELECT
        f.finding_key,
        UNNEST(h.cites) AS cite
    FROM audit.finding AS f
    INNER JOIN shown AS h
        ON
            f.rule_key = h.rule_key
            AND f.subject_kind = h.subject_kind
            AND f.subject_key = h.subject_key
),

bag AS (
    SELECT
        infusion_key,
        record,
        patient_key,
        session_key,
        course_key
    FROM derived.infusion
    WHERE course_key IS NOT NULL
),

cited AS (
    SELECT
        f.finding_key,
        b.record,
        b.infusion_key AS record_key,
        'given' AS part
    FROM finding AS f
    INNER JOIN bag AS b ON f.course_key = b.course_key
    WHERE
        f.subject_kind = 'course'
        OR (f.subject_kind = 'session' AND f.subject_key = b.session_key)
        OR (f.subject_kind = 'infusion' AND f.subject_key = b.infusion_key)
    UNION ALL
    SELECT
        finding_key,
        cite.record,
        cite.record_key,
        cite.role AS part
    FROM told
    UNION ALL
    SELECT
        f.finding_key,
        b.record,
        b.infusion_key,
        'previous course' AS part
    FROM finding AS f
    INNER JOIN bag AS b ON f.previous_course_key = b.course_key
    WHERE
        f.clause = 'interval'
        OR (f.fault IN ('month_high', 'month_low') AND f.interval_status = 'known')
    UNION ALL
    -- a dose and its repeat, in one course or in two; or courses judged together
    SELECT
        f.finding_key,
        b.record,
        b.infusion_key,
        CASE
            WHEN f.reading > 0 AND s.started_on > f.part_last_on THEN 'later dose'
            WHEN f.is_repeat THEN 'earlier dose'
            ELSE 'counted course'
        END AS part
    FROM finding AS f
    INNER JOIN derived.course AS c ON f.episode_key = c.episode_key
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    INNER JOIN bag AS b ON s.session_key = b.session_key
    WHERE
        (
            f.reading > 0
            AND f.course_key = c.course_key
            AND s.started_on NOT BETWEEN f.part_started_on AND f.part_last_on
        )
        OR (
            f.reading <= 0
            AND c.started_on < f.started_on
            AND (f.is_repeat OR s.started_on >= f.part_started_on)
        )
    UNION ALL
    SELECT
        f.finding_key,
        b.record,
        b.infusion_key,
        'within 28 days' AS part
    FROM finding AS f
    INNER JOIN derived.course AS c
        ON f.patient_key = c.patient_key AND f.indication_code = c.indication_code
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    INNER JOIN bag AS b ON s.session_key = b.session_key
    WHERE
        (
            f.fault IN ('interval_early', 'rolling_high')
            OR (f.fault = 'repeat_early' AND f.reading <= 0)
        )
        AND s.started_on BETWEEN f.last_on - 27 AND f.last_on
    UNION ALL
    SELECT
        finding_key,
        weight_record,
        weight_record_key,
        'weight' AS part
    FROM finding
    WHERE weight_record IS NOT NULL AND kind IN ('weight', 'regimen')
    UNION ALL
    SELECT
        f.finding_key,
        'body_measurement' AS record,
        m.body_measurement_key,
        'earlier weight' AS part
    FROM finding AS f
    INNER JOIN guideline.weight_limit AS l ON f.rule_key = l.rule_key
    INNER JOIN staged.body_measurement AS m ON f.patient_key = m.patient_key
    WHERE
        l.problem = 'jump'
        AND m.weight_kg IS NOT NULL
        AND m.measured_on >= f.measured_on - l.limit_days
        AND m.measured_on < f.measured_on
    UNION ALL
    SELECT DISTINCT
        f.finding_key,
        'body_measurement' AS record,
        m.body_measurement_key,
        'other weight' AS part
    FROM finding AS f
    INNER JOIN staged.body_measurement AS m ON f.patient_key = m.patient_key
    LEFT JOIN guideline.weight_limit AS l ON l.problem = 'jump'
    WHERE
        f.cap = 'weight_contradicted'
        AND m.weight_kg IS NOT NULL
        AND (
            m.measured_on = f.measured_on
            OR ABS(m.measured_on - f.measured_on) <= l.limit_days
        )
        AND (f.weight_record != 'body_measurement' OR m.body_measurement_key != f.weight_record_key)
    UNION ALL
    SELECT DISTINCT
        f.finding_key,
        'authorisation' AS record,
        COALESCE(i.authorisation_key, d.authorisation_key) AS record_key,
        'indication' AS part
    FROM finding AS f
    INNER JOIN bag AS b ON f.course_key = b.course_key
    LEFT JOIN staged.infusion AS i ON b.record = 'infusion' AND b.infusion_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON d.dispensing_key = IF(b.record = 'infusion', i.dispensing_key, b.infusion_key)
    WHERE
        f.indication_source = 'authorisation'
        AND COALESCE(i.authorisation_key, d.authorisation_key) IS NOT NULL
    UNION ALL
    SELECT DISTINCT
        f.finding_key,
        'diagnosis' AS record,
        d.diagnosis_key,
        'indication' AS part
    FROM finding AS f
    INNER JOIN staged.diagnosis AS d ON f.patient_key = d.patient_key
    INNER JOIN guideline.diagnosis_code AS k
        ON
            d.code_system = k.code_system
            AND f.indication_code = k.indication_code
            AND REGEXP_REPLACE(UPPER(d.code), '[.\s]', '', 'g') LIKE k.code_pattern
    WHERE f.indication_source = 'diagnosis'
    UNION ALL
    -- those that count, and for days without one those that show that such events were recorded
    SELECT
        f.finding_key,
        'clinical_event' AS record,
        e.clinical_event_key,
        'event' AS part
    FROM finding AS f
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.clinical_event AS e ON f.patient_key = e.patient_key
    WHERE
        (
            f.fault = 'event_missing'
            AND f.after_event = e.event_code
            AND e.occurred_on BETWEEN f.started_on - p.medicine_proof_days
            AND f.last_on + p.medicine_proof_days
        )
        OR (
            f.fault IN ('window_early', 'window_late')
            AND f.from_event = e.event_code
            AND e.occurred_on BETWEEN f.started_on - p.loading_history_days AND f.started_on
        )
    UNION ALL
    SELECT
        f.finding_key,
        'medication' AS record,
        m.medication_key,
        'other medicine' AS part
    FROM finding AS f
    INNER JOIN guideline.concomitant AS l ON f.rule_key = l.rule_key
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.medication AS m
        ON
            f.patient_key = m.patient_key
            AND (
                m.started_on BETWEEN f.started_on + l.from_days - p.medicine_proof_days
                AND f.last_on + l.to_days + p.medicine_proof_days
                OR m.ended_on BETWEEN f.started_on + l.from_days - p.medicine_proof_days
                AND f.last_on + l.to_days + p.medicine_proof_days
            )
)

SELECT
    finding_key,
    record,
    record_key,
    part AS role -- noqa: RF04
FROM cited
