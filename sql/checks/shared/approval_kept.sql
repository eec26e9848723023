-- One row per rule that asks whether an approval was kept to, and course given under an approval
-- that states what the rule is about: the dose of a course, the days between courses, or their
-- number (then one row per approval: the first course beyond, else the latest).
-- A dose per kg is multiplied by the heaviest weight the set could mean; doses have their
-- tolerance or whole vials, whichever is wider, as in audit.compared. Nothing here accuses.
WITH stated AS (
    SELECT DISTINCT patient_key
    FROM derived.approval
    WHERE COALESCE(dose_g, dose_g_per_kg, interval_days, n_courses) IS NOT NULL
),

named AS (
    -- the approval a course was given under: the one it names, else the newest that covers it
    SELECT a.*
    FROM audit.approval_pair AS a
    SEMI JOIN stated AS s ON a.patient_key = s.patient_key
    CROSS JOIN guideline.policy AS p
    WHERE
        a.decision = 'approved'
        AND (a.to_on < a.started_on) IS NOT TRUE
        AND (
            a.is_linked
            OR (a.is_for_it AND a.came_on <= a.started_on + p.emergency_approval_days)
        )
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY a.course_key
            ORDER BY a.is_linked DESC, a.came_on DESC NULLS LAST, a.authorisation_key DESC
        ) = 1
),

under AS (
    SELECT
        x.rule_key,
        x.set_key,
        g.approval,
        p.emergency_approval_days,
        n.*
    FROM named AS n
    INNER JOIN audit.applicable AS x ON n.course_key = x.course_key
    INNER JOIN guideline.approval AS g ON x.rule_key = g.rule_key
    CROSS JOIN guideline.policy AS p
    WHERE
        x.kind = 'authorisation'
        AND x.reason IS NULL
        AND CASE g.approval
            WHEN 'dose_kept' THEN COALESCE(n.dose_g, n.dose_g_per_kg) IS NOT NULL
            WHEN 'interval_kept' THEN n.interval_days IS NOT NULL
            WHEN 'number_kept' THEN n.n_courses IS NOT NULL
        END
),

sharing AS (
    -- the courses under an approval up to each; one that names another approval is not under it
    SELECT
        u.rule_key,
        u.course_key,
        c.course_key AS counted_key,
        c.started_on AS counted_on,
        b.record
    FROM under AS u
    INNER JOIN derived.course AS c
        ON
            u.patient_key = c.patient_key
            AND u.indication_code IS NOT DISTINCT FROM c.indication_code
            AND (u.started_on, u.course_key) >= (c.started_on, c.course_key)
            AND u.came_on - IF(u.is_emergency, u.emergency_approval_days, 0) <= c.started_on
    INNER JOIN derived.infusion AS b ON c.course_key = b.infusion_key
    WHERE
        u.approval = 'number_kept'
        AND (
            b.authorisation_key IS NULL
            OR u.authorisation_key = b.authorisation_key
            OR u.course_key = c.course_key
        )
),

tallied AS (
    SELECT
        rule_key,
        course_key,
        COUNT(*) AS course_number
    FROM sharing
    GROUP BY rule_key, course_key
),

numbered AS (
    -- of the courses under an approval the first beyond, else the latest
    SELECT
        u.rule_key,
        u.course_key,
        t.course_number,
        t.course_number > u.n_courses AS is_beyond
    FROM under AS u
    LEFT JOIN tallied AS t ON u.rule_key = t.rule_key AND u.course_key = t.course_key
    WHERE u.approval = 'number_kept'
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY u.rule_key, u.authorisation_key
            ORDER BY
                is_beyond IS TRUE DESC,
                CASE WHEN is_beyond THEN t.course_number END,
                t.course_number DESC
        ) = 1
),

listed AS (
    SELECT
        s.rule_key,
        s.course_key,
        LIST(
            { 'record': s.record, 'record_key': s.counted_key, 'role': 'counted course' }
            ORDER BY s.counted_on, s.counted_key
        ) FILTER (WHERE s.counted_key != s.course_key) AS counted
    FROM sharing AS s
    SEMI JOIN numbered AS n
        ON s.rule_key = n.rule_key AND s.course_key = n.course_key AND n.is_beyond
    GROUP BY s.rule_key, s.course_key
),

facts AS (
    SELECT
        u.*,
        c.n_days,
        c.dose_g AS whole_dose_g,
        c.known_dose_g,
        c.is_dose_uncertain,
        c.interval_days AS gap_days,
        c.interval_status,
        e.started_on AS previous_on,
        w.weight_kg,
        w.reason AS weight_reason,
        h.weight_kg AS high_kg,
        COALESCE(u.dose_g, u.dose_g_per_kg * w.weight_kg) AS limit_g,
        COALESCE(u.dose_g, u.dose_g_per_kg * COALESCE(h.weight_kg, w.weight_kg)) AS widest_g,
        COALESCE(c.vial_step_g, p.default_vial_step_g) AS step_g,
        s.dose_tolerance,
        s.interval_tolerance_days,
        n.course_number,
        l.counted
    FROM under AS u
    INNER JOIN derived.course AS c ON u.course_key = c.course_key
    INNER JOIN guideline.rule AS r ON u.rule_key = r.rule_key
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
    CROSS JOIN guideline.policy AS p
    LEFT JOIN numbered AS n ON u.rule_key = n.rule_key AND u.course_key = n.course_key
    LEFT JOIN listed AS l ON u.rule_key = l.rule_key AND u.course_key = l.course_key
    LEFT JOIN derived.course AS e ON c.previous_course_key = e.course_key
    LEFT JOIN derived.dosing_weight AS w
        ON
            u.course_key = w.course_key
            AND r.weight_policy = w.weight_policy
            AND w.role = 'policy'
    LEFT JOIN derived.dosing_weight AS h
        ON
            u.course_key = h.course_key
            AND r.weight_policy = h.weight_policy
            AND h.role = 'high'
    WHERE u.approval != 'number_kept' OR n.course_key IS NOT NULL
),

vials AS (
    SELECT
        *,
        n_days * step_g AS set_g,
        approval = 'dose_kept'
        AND known_dose_g > widest_g * (1 + dose_tolerance)
        AND known_dose_g > widest_g
        + (n_days * step_g - widest_g % (n_days * step_g)) % (n_days * step_g)
        AND known_dose_g - widest_g >= step_g AS is_dose_high,
        approval = 'dose_kept'
        AND known_dose_g > limit_g * (1 + dose_tolerance)
        AND known_dose_g - limit_g >= step_g AS is_dose_high_perhaps
    FROM facts
),

judged AS (
    SELECT
        *,
        CASE approval
            WHEN 'dose_kept'
                THEN
                    CASE
                        WHEN limit_g IS NULL THEN COALESCE(weight_reason, 'no_weight')
                        WHEN is_dose_high THEN 'beyond_approval'
                        WHEN is_dose_high_perhaps AND high_kg IS NOT NULL THEN 'weight_stale'
                        WHEN whole_dose_g IS NULL AND is_dose_uncertain THEN 'dose_uncertain'
                        WHEN whole_dose_g IS NULL THEN 'no_dose'
                    END
            WHEN 'interval_kept'
                THEN
                    CASE
                        -- the first course under an approval keeps no interval of it
                        WHEN interval_status = 'first' OR previous_on < came_on THEN 'first_course'
                        WHEN interval_status != 'known' THEN interval_status
                        WHEN
                            gap_days < interval_days - interval_tolerance_days
                            THEN 'beyond_approval'
                    END
            WHEN 'number_kept' THEN CASE
                WHEN course_number > n_courses THEN 'beyond_approval'
            END
        END AS answer
    FROM vials
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN answer IS NULL THEN 'met'
        WHEN answer = 'beyond_approval' THEN 'breached'
        WHEN answer = 'first_course' THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    answer AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    CASE approval
        WHEN 'dose_kept' THEN 'dose_total'
        WHEN 'interval_kept' THEN 'interval'
        WHEN 'number_kept' THEN 'courses'
    END AS clause,
    CASE approval
        WHEN 'dose_kept' THEN known_dose_g
        WHEN 'interval_kept' THEN CASE WHEN interval_status = 'known' THEN gap_days END
        WHEN 'number_kept' THEN course_number
    END AS observed,
    CASE WHEN approval = 'interval_kept' THEN interval_days END AS limit_low,
    CASE approval
        WHEN 'dose_kept' THEN widest_g
        WHEN 'number_kept' THEN n_courses
    END AS limit_high,
    CASE approval
        WHEN 'dose_kept' THEN dose_tolerance
        WHEN 'interval_kept' THEN interval_tolerance_days
        WHEN 'number_kept' THEN 0
    END AS tolerance,
    CASE approval
        WHEN 'dose_kept' THEN 'g'
        WHEN 'interval_kept' THEN 'days'
        WHEN 'number_kept' THEN 'count'
    END AS unit,
    CASE
        WHEN answer != 'beyond_approval' THEN NULL
        WHEN approval = 'dose_kept' THEN known_dose_g - widest_g
        WHEN approval = 'interval_kept' THEN interval_days - gap_days
        WHEN approval = 'number_kept' THEN course_number - n_courses
    END AS miss,
    CASE WHEN answer = 'beyond_approval' THEN CASE approval
        WHEN 'dose_kept'
            THEN
                CONCAT_WS(
                    CHR(10),
                    CASE
                        WHEN dose_g IS NULL
                            THEN
                                'approved: ' || dose_g_per_kg || ' g/kg × '
                                || COALESCE(high_kg, weight_kg) || ' kg = '
                                || REGEXP_REPLACE(widest_g || '', '0{1,3}$', '') || ' g'
                    END,
                    'beyond the tolerance: ' || known_dose_g || ' g > '
                    || REGEXP_REPLACE(widest_g || '', '0{1,3}$', '') || ' g × (1 + '
                    || dose_tolerance || ')',
                    'beyond whole vials: ' || known_dose_g || ' g > ceil('
                    || REGEXP_REPLACE(widest_g || '', '0{1,3}$', '') || ' g ÷ ' || set_g
                    || ' g) × ' || set_g || ' g',
                    'at least one vial: ' || known_dose_g || ' g - '
                    || REGEXP_REPLACE(widest_g || '', '0{1,3}$', '') || ' g ≥ ' || step_g || ' g'
                )
        WHEN 'interval_kept'
            THEN
                'interval: ' || started_on || ' - ' || previous_on || ' = ' || gap_days || ' d'
                || CHR(10) || 'sooner than approved: ' || gap_days || ' d < ' || interval_days
                || ' d - ' || interval_tolerance_days || ' d'
        WHEN 'number_kept'
            THEN
                'courses given under the approval, up to ' || started_on || CHR(10)
                || 'above the limit: ' || course_number || ' > ' || n_courses
    END END AS workings,
    CASE WHEN answer = 'beyond_approval' THEN LIST_PREPEND(
        { 'record': 'authorisation', 'record_key': authorisation_key, 'role': 'approval' }, counted
    ) END AS cites
FROM judged
