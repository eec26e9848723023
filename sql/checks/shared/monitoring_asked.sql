-- One row per monitoring rule and subject it is asked of, a course or each session of one: the
-- window in days, the moment it counts from, and why it cannot be answered (`reason`; NULL means it
-- can). Where what the rule waits for (a dose, a blood group, a risk, a stage of treatment) is not
-- there it is not asked, and there is no row.
WITH rule AS (
    SELECT
        * EXCLUDE (rule_key), -- noqa: AM04
        rule_key AS own_key
    FROM guideline.monitoring
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
        LIST(m.blood_group) AS blood_groups
    FROM guideline.monitoring_group AS m
    GROUP BY m.rule_key
),

least AS (
    SELECT MIN(dose_from_g_per_kg) AS least_g_per_kg
    FROM rule
),

large AS (
    -- all courses but those of less than any rule waits for: the others are most
    SELECT c.course_key
    FROM derived.course AS c
    CROSS JOIN least AS l
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    WHERE
        (
            c.known_dose_g < l.least_g_per_kg * w.actual_kg
            AND c.dose_g IS NOT NULL
            AND NOT c.is_open
            AND NOT w.is_stale
        ) IS NOT TRUE
),

held AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key
    FROM audit.applicable AS a
    INNER JOIN rule AS m ON a.rule_key = m.own_key
    WHERE
        a.kind = 'monitoring'
        AND (a.reason = 'other_phase') IS NOT TRUE
        AND (
            m.dose_from_g_per_kg IS NULL
            OR m.is_first_only
            OR COALESCE(m.treatment_months, m.every_months) IS NOT NULL
            OR a.reason IS NOT NULL
            OR a.course_key IN (SELECT l.course_key FROM large AS l)
        )
),

waiting AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        c.patient_key,
        m.is_first_only,
        m.treatment_months,
        m.every_months,
        m.has_group,
        m.has_test,
        c.site_id,
        c.treatment_key,
        c.is_treatment_start_known,
        c.started_on,
        c.is_open,
        c.dose_g,
        c.known_dose_g,
        c.treatment_started_on,
        c.treatment_started_on + TO_MONTHS(m.treatment_months) AS due_from_on,
        m.dose_from_g_per_kg,
        m.dose_from_g_per_kg * w.actual_kg AS dose_from_g,
        w.is_stale,
        p.blood_group,
        m.is_known_by_record
    FROM held AS a
    INNER JOIN rule AS m ON a.rule_key = m.own_key
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    INNER JOIN staged.patient AS p ON c.patient_key = p.patient_key
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    LEFT JOIN grouped AS g ON a.rule_key = g.rule_key
    LEFT JOIN at_risk AS r ON a.rule_key = r.rule_key AND c.course_key = r.course_key
    WHERE
        (
            NOT m.has_group
            OR p.blood_group IS NULL
            OR LIST_CONTAINS(g.blood_groups, p.blood_group)
        )
        AND (NOT m.has_risk OR r.course_key IS NOT NULL)
        AND (NOT m.is_first_only OR (c.started_on > c.treatment_started_on) IS NOT TRUE)
),

told AS (
    SELECT
        w.rule_key,
        w.set_key,
        w.course_key,
        w.patient_key,
        w.site_id,
        w.is_known_by_record AND w.blood_group IS NOT NULL AS is_on_record,
        CASE
            WHEN w.reason IS NOT NULL THEN w.reason
            WHEN
                (w.is_first_only OR w.treatment_months IS NOT NULL OR w.every_months IS NOT NULL)
                AND w.treatment_key IS NULL
                THEN 'no_indication'
            -- the first course after every full period of a treatment
            WHEN
                w.every_months IS NOT NULL
                AND (
                    DATE_SUB('month', w.treatment_started_on, w.started_on) // w.every_months
                    > DATE_SUB('month', w.treatment_started_on, c.treatment_before_on)
                    // w.every_months
                ) IS NOT TRUE
                THEN 'trigger_absent'
            WHEN w.is_first_only AND w.is_treatment_start_known IS NOT TRUE THEN 'history_truncated'
            WHEN w.started_on < w.due_from_on
                THEN IF(w.is_treatment_start_known, 'trigger_absent', 'history_truncated')
            WHEN w.dose_from_g_per_kg IS NULL AND w.has_group AND w.blood_group IS NULL
                THEN 'risk_unknown'
            WHEN w.dose_from_g_per_kg IS NULL THEN IF(w.has_test, NULL, 'no_record_holds_it')
            WHEN w.dose_from_g IS NULL THEN 'no_weight'
            WHEN w.is_stale THEN 'weight_stale'
            WHEN w.known_dose_g IS NULL THEN IF(w.is_open, 'course_open', 'no_dose')
            WHEN w.known_dose_g < w.dose_from_g AND w.is_open THEN 'course_open'
            WHEN w.known_dose_g < w.dose_from_g AND w.dose_g IS NULL THEN 'no_dose'
            WHEN w.known_dose_g < w.dose_from_g THEN 'trigger_absent'
            WHEN w.has_group AND w.blood_group IS NULL THEN 'risk_unknown'
            WHEN NOT w.has_test THEN 'no_record_holds_it'
        END AS reason
    FROM waiting AS w
    LEFT JOIN audit.monitoring_course AS c
        ON w.course_key = c.course_key AND w.every_months IS NOT NULL
),

kept AS (
    SELECT *
    FROM told
    WHERE (reason = 'trigger_absent') IS NOT TRUE
),

anchored AS (
    SELECT
        k.*,
        m.*, -- noqa: RF02
        'course' AS subject_kind,
        k.course_key AS subject_key,
        IF(m.anchor = 'course_start', c.started_on, c.last_on) AS anchor_on,
        IF(m.anchor = 'course_start', c.first_at, c.last_at) AS anchor_at,
        c.last_on
    FROM kept AS k
    INNER JOIN rule AS m ON k.rule_key = m.own_key AND m.anchor != 'session_start'
    INNER JOIN audit.monitoring_course AS c ON k.course_key = c.course_key
    UNION ALL
    SELECT
        k.*,
        m.*, -- noqa: RF02
        'session' AS subject_kind,
        s.session_key AS subject_key,
        s.started_on AS anchor_on,
        s.started_at AS anchor_at,
        s.started_on AS last_on
    FROM kept AS k
    INNER JOIN rule AS m ON k.rule_key = m.own_key AND m.anchor = 'session_start'
    INNER JOIN derived.session AS s ON k.course_key = s.course_key
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
    is_on_record,
    hours_after_max IS NOT NULL AS is_in_hours,
    COALESCE(days_before_max, months_before, every_months) IS NOT NULL AS is_before,
    hours_after_min,
    hours_after_max,
    CAST(
        CASE
            WHEN days_before_max IS NOT NULL THEN anchor_on - days_before_max
            WHEN days_around IS NOT NULL THEN anchor_on - days_around
            WHEN COALESCE(months_before, every_months) IS NOT NULL
                THEN anchor_on - TO_MONTHS(COALESCE(months_before, every_months))
            WHEN days_after_max IS NOT NULL THEN anchor_on + days_after_min
            ELSE anchor_on + CAST(FLOOR(hours_after_min / 24) AS INTEGER)
        END AS DATE
    ) AS from_on,
    CAST(
        CASE
            WHEN days_before_max IS NOT NULL THEN anchor_on - days_before_min
            WHEN days_around IS NOT NULL THEN last_on + days_around
            WHEN COALESCE(months_before, every_months) IS NOT NULL THEN anchor_on
            WHEN days_after_max IS NOT NULL THEN anchor_on + days_after_max
            -- a session may end after midnight
            ELSE anchor_on + CAST(CEIL(hours_after_max / 24) AS INTEGER) + 1
        END AS DATE
    ) AS to_on,
    reason
FROM anchored
