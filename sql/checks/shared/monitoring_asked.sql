-- One row per monitoring rule and subject it could apply to, a course or each session of one: the
-- window in days, the moment it counts from, and why it is not asked (`reason`; NULL means it is).
-- What the rule waits for (a dose, a blood group, a risk, a stage of treatment) and does not find
-- is `trigger_absent`.
WITH asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        a.patient_key,
        'course' AS subject_kind,
        a.course_key AS subject_key,
        IF(m.anchor = 'course_start', c.started_on, c.last_on) AS anchor_on,
        IF(m.anchor = 'course_start', c.first_at, c.last_at) AS anchor_at
    FROM audit.applicable AS a
    INNER JOIN guideline.monitoring AS m ON a.rule_key = m.rule_key
    INNER JOIN audit.monitoring_course AS c ON a.course_key = c.course_key
    WHERE a.kind = 'monitoring' AND m.anchor != 'session_start'
    UNION ALL
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        a.patient_key,
        'session' AS subject_kind,
        s.session_key AS subject_key,
        s.started_on AS anchor_on,
        s.started_at AS anchor_at
    FROM audit.applicable AS a
    INNER JOIN guideline.monitoring AS m ON a.rule_key = m.rule_key
    INNER JOIN derived.session AS s ON a.course_key = s.course_key
    WHERE a.kind = 'monitoring' AND m.anchor = 'session_start'
),

at_risk AS (
    SELECT DISTINCT
        m.rule_key,
        c.course_key
    FROM guideline.monitoring_risk AS m
    INNER JOIN derived.patient_risk AS k ON m.risk_factor = k.risk_factor
    INNER JOIN derived.course AS c
        ON
            k.patient_key = c.patient_key
            AND k.known_on <= c.started_on
            AND (k.until_on < c.started_on) IS NOT TRUE
    UNION
    SELECT
        m.rule_key,
        c.course_key
    FROM guideline.monitoring_risk AS m
    INNER JOIN audit.risk_sign AS s ON m.risk_factor = s.risk_factor AND s.is_age
    INNER JOIN derived.course AS c
        ON s.at_least <= c.age_years OR (s.at_least IS NULL AND s.below > c.age_years)
),

grouped AS (
    SELECT
        m.rule_key,
        p.patient_key
    FROM guideline.monitoring_group AS m
    INNER JOIN staged.patient AS p ON m.blood_group = p.blood_group
),

rule AS (
    SELECT
        * EXCLUDE (rule_key, anchor),
        rule_key AS own_key
    FROM guideline.monitoring
),

waited AS (
    SELECT
        a.*,
        m.*,
        c.site_id,
        c.treatment_key,
        c.started_on > c.treatment_started_on AS is_later,
        c.treatment_started_on + TO_MONTHS(m.treatment_months) AS due_from_on,
        c.started_on,
        c.is_treatment_start_known,
        c.is_open,
        c.dose_g,
        c.known_dose_g,
        m.dose_from_g_per_kg * w.actual_kg AS dose_from_g,
        w.is_stale,
        g.patient_key IS NOT NULL AS is_of_group,
        p.blood_group,
        r.course_key IS NOT NULL AS is_at_risk
    FROM asked AS a
    INNER JOIN rule AS m ON a.rule_key = m.own_key
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    INNER JOIN staged.patient AS p ON a.patient_key = p.patient_key
    LEFT JOIN derived.course_weight AS w ON a.course_key = w.course_key
    LEFT JOIN grouped AS g ON a.rule_key = g.rule_key AND a.patient_key = g.patient_key
    LEFT JOIN at_risk AS r ON a.rule_key = r.rule_key AND a.course_key = r.course_key
)

SELECT
    rule_key,
    set_key,
    course_key,
    patient_key,
    site_id,
    subject_kind,
    subject_key,
    anchor_on,
    anchor_at,
    is_trough,
    hours_after_max IS NOT NULL AS is_in_hours,
    COALESCE(days_before_max, months_before) IS NOT NULL AS is_before,
    hours_after_min,
    hours_after_max,
    CAST(
        CASE
            WHEN days_before_max IS NOT NULL THEN anchor_on - days_before_max
            WHEN months_before IS NOT NULL THEN anchor_on - TO_MONTHS(months_before)
            WHEN days_after_max IS NOT NULL THEN anchor_on + days_after_min
            ELSE anchor_on + CAST(FLOOR(hours_after_min / 24) AS INTEGER)
        END AS DATE
    ) AS from_on,
    CAST(
        CASE
            WHEN days_before_max IS NOT NULL THEN anchor_on - days_before_min
            WHEN months_before IS NOT NULL THEN anchor_on
            WHEN days_after_max IS NOT NULL THEN anchor_on + days_after_max
            -- a session may end after midnight
            ELSE anchor_on + CAST(CEIL(hours_after_max / 24) AS INTEGER) + 1
        END AS DATE
    ) AS to_on,
    CASE
        WHEN reason IS NOT NULL THEN reason
        WHEN (is_first_only OR treatment_months IS NOT NULL) AND treatment_key IS NULL
            THEN 'no_indication'
        WHEN is_first_only AND is_later THEN 'trigger_absent'
        WHEN is_first_only AND is_treatment_start_known IS NOT TRUE THEN 'history_truncated'
        WHEN started_on < due_from_on
            THEN IF(is_treatment_start_known, 'trigger_absent', 'history_truncated')
        WHEN has_group AND blood_group IS NOT NULL AND NOT is_of_group THEN 'trigger_absent'
        WHEN has_risk AND NOT is_at_risk THEN 'trigger_absent'
        WHEN dose_from_g_per_kg IS NULL AND has_group AND blood_group IS NULL THEN 'risk_unknown'
        WHEN dose_from_g_per_kg IS NULL THEN NULL
        WHEN dose_from_g IS NULL THEN 'no_weight'
        WHEN is_stale THEN 'weight_stale'
        WHEN known_dose_g < dose_from_g AND is_open THEN 'course_open'
        WHEN known_dose_g < dose_from_g AND dose_g IS NULL THEN 'no_dose'
        WHEN known_dose_g < dose_from_g THEN 'trigger_absent'
        WHEN has_group AND blood_group IS NULL THEN 'risk_unknown'
    END AS reason
FROM waited
