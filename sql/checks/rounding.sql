-- One row per rule on rounding and session it could apply to: is what was given a number of whole
-- vials, near enough to what was prescribed, or rounded as the set says? A rounding never accuses.
-- A session that was stopped has no say, nor has one whose grams or product are not known for sure.
-- Part of a vial is right where the rest is on record as wasted or returned.
WITH vial AS (
    SELECT
        product_id,
        vial_step_g,
        UNNEST(CAST(STRING_SPLIT(vials_g, ' ') AS DECIMAL(9, 3)[])) AS vial_g
    FROM guideline.product
    WHERE vials_g IS NOT NULL
),

sum_of_others AS (
    -- what other vials may make before the smallest fill up the rest
    SELECT DISTINCT
        v.product_id,
        v.vial_step_g,
        CAST(v.vial_g * t.times AS DECIMAL(9, 3)) AS others_g
    FROM vial AS v
    CROSS JOIN GENERATE_SERIES(0, 9) AS t (times)
),

told AS (
    -- most sessions are one bag, which has the session's key
    SELECT
        s.session_key,
        s.course_key,
        s.patient_key,
        s.dose_g,
        s.is_stopped,
        d.product_id,
        d.product_id IS NOT NULL AS is_one_product,
        d.vial_step_g,
        CAST(i.prescribed_dose_g AS DECIMAL(12, 3)) AS prescribed_g,
        i.dispensing_key IS NOT NULL AS is_issue_known
    FROM derived.session AS s
    INNER JOIN derived.infusion AS d ON s.session_key = d.infusion_key
    INNER JOIN staged.infusion AS i ON s.session_key = i.infusion_key
    WHERE d.record = 'infusion' AND s.n_infusions = 1
    UNION ALL
    SELECT
        s.session_key,
        MIN(s.course_key) AS course_key,
        MIN(s.patient_key) AS patient_key,
        MIN(s.dose_g) AS dose_g,
        BOOL_OR(s.is_stopped) AS is_stopped,
        MIN(d.product_id) AS product_id,
        MIN(d.product_id) = MAX(d.product_id) AS is_one_product,
        MAX(d.vial_step_g) AS vial_step_g,
        CASE
            WHEN COUNT(i.prescribed_dose_g) = COUNT(*)
                THEN CAST(SUM(i.prescribed_dose_g) AS DECIMAL(12, 3))
        END AS prescribed_g,
        BOOL_AND(i.dispensing_key IS NOT NULL) AS is_issue_known
    FROM derived.session AS s
    INNER JOIN derived.infusion AS d ON s.session_key = d.session_key
    INNER JOIN staged.infusion AS i ON d.infusion_key = i.infusion_key
    WHERE d.record = 'infusion' AND (s.n_infusions = 1) IS NOT TRUE
    GROUP BY s.session_key
),

left_over AS (
    -- the sessions of whose vials a rest is on record
    SELECT d.session_key
    FROM staged.infusion_lot AS l
    INNER JOIN derived.infusion AS d ON l.infusion_key = d.infusion_key
    WHERE l.wasted_g > 0 AND d.record = 'infusion'
    UNION
    SELECT d.session_key
    FROM staged.dispensing AS x
    INNER JOIN staged.infusion AS i ON x.dispensing_key = i.dispensing_key
    INNER JOIN derived.infusion AS d ON i.infusion_key = d.infusion_key
    WHERE (x.wasted_g > 0 OR x.returned_g > 0) AND d.record = 'infusion'
),

given AS (
    -- many sessions, few doses
    SELECT DISTINCT
        product_id,
        dose_g
    FROM told
    WHERE is_one_product
),

gridded AS (
    SELECT
        a.product_id,
        a.dose_g,
        BOOL_OR((a.dose_g - o.others_g) % o.vial_step_g = 0) AS is_whole
    FROM given AS a
    INNER JOIN sum_of_others AS o
        ON a.product_id = o.product_id AND a.dose_g >= o.others_g
    GROUP BY a.product_id, a.dose_g
),

known AS (
    SELECT DISTINCT product_id
    FROM vial
),

filled AS (
    SELECT
        t.*,
        k.product_id IS NOT NULL AS is_vial_known,
        g.is_whole IS TRUE OR w.session_key IS NOT NULL AS is_whole
    FROM told AS t
    LEFT JOIN gridded AS g
        ON t.is_one_product AND t.product_id = g.product_id AND t.dose_g = g.dose_g
    LEFT JOIN known AS k ON t.product_id = k.product_id
    LEFT JOIN left_over AS w ON t.session_key = w.session_key
),

asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason AS gap,
        r.rounding,
        r.step_g,
        r.small_below_g,
        r.small_step_g,
        f.session_key,
        f.course_key,
        f.patient_key,
        f.dose_g,
        f.is_stopped,
        f.is_one_product,
        f.vial_step_g,
        f.prescribed_g,
        f.is_issue_known,
        f.is_vial_known,
        f.is_whole,
        p.rounding_tolerance
    FROM audit.applicable AS a
    INNER JOIN guideline.rounding_rule AS r ON a.rule_key = r.rule_key
    INNER JOIN filled AS f ON a.course_key = f.course_key
    CROSS JOIN guideline.policy AS p
    WHERE a.kind = 'rounding'
),

compared AS (
    SELECT
        a.*,
        ABS(a.dose_g - a.prescribed_g) AS change_g,
        CASE a.rounding
            WHEN 'whole_vials' THEN a.is_whole
            WHEN 'as_prescribed'
                THEN
                    ABS(a.dose_g - a.prescribed_g) <= a.vial_step_g
                    AND ABS(a.dose_g - a.prescribed_g) <= a.prescribed_g * a.rounding_tolerance
            ELSE
                -- in whole steps; a small dose in both sizes
                (
                    a.dose_g % a.step_g = 0
                    OR (
                        a.dose_g < a.small_below_g
                        AND (
                            a.dose_g % a.small_step_g = 0
                            OR (a.dose_g >= a.step_g AND (a.dose_g - a.step_g) % a.small_step_g = 0)
                        )
                    )
                )
                AND CASE
                    WHEN a.rounding = 'down' THEN a.dose_g <= a.prescribed_g
                    ELSE ABS(a.dose_g - a.prescribed_g) * 2 <= a.step_g
                END
        END AS is_kept
    FROM asked AS a
),

judged AS (
    SELECT
        *,
        CASE
            WHEN gap IS NOT NULL THEN gap
            WHEN is_stopped THEN 'stopped'
            WHEN dose_g IS NULL THEN 'no_dose'
            WHEN rounding = 'as_prescribed' AND prescribed_g IS NULL THEN 'no_dose'
            WHEN rounding = 'whole_vials' AND NOT (is_one_product AND is_vial_known)
                THEN 'vials_unknown'
            -- that no rest is on record says something only where the issue is
            WHEN rounding = 'whole_vials' AND NOT is_kept AND NOT is_issue_known
                THEN 'outside_coverage'
        END AS reason
    FROM compared
)

SELECT
    rule_key,
    set_key,
    'session' AS subject_kind,
    session_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason IN ('stopped', 'other_phase') THEN 'not_applicable'
        WHEN reason IS NOT NULL THEN 'not_assessable'
        WHEN is_kept THEN 'met'
        ELSE 'breached'
    END AS status,
    reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'rounding' AS clause,
    CASE WHEN reason IS NULL THEN dose_g END AS observed,
    CASE WHEN reason IS NULL AND NOT is_kept THEN 'g' END AS unit,
    CASE
        WHEN reason IS NULL AND NOT is_kept
            THEN CONCAT_WS(
                CHR(10),
                CASE
                    WHEN rounding = 'whole_vials' AND dose_g % vial_step_g > 0
                        THEN
                            'in the smallest vials: floor(' || dose_g || ' g ÷ ' || vial_step_g
                            || ' g) × ' || vial_step_g || ' g < ' || dose_g || ' g'
                    WHEN dose_g % step_g > 0
                        THEN
                            'in whole steps: floor(' || dose_g || ' g ÷ ' || step_g || ' g) × '
                            || step_g || ' g < ' || dose_g || ' g'
                END,
                CASE
                    WHEN rounding = 'whole_vials'
                        THEN 'no rest of a vial is on record as wasted or returned'
                END,
                CASE
                    WHEN rounding != 'whole_vials' AND dose_g >= prescribed_g
                        THEN
                            'change: ' || dose_g || ' g - ' || prescribed_g || ' g = ' || change_g
                            || ' g'
                    WHEN rounding != 'whole_vials' AND dose_g < prescribed_g
                        THEN
                            'change: ' || prescribed_g || ' g - ' || dose_g || ' g = ' || change_g
                            || ' g'
                END,
                CASE
                    WHEN rounding = 'as_prescribed' AND change_g > vial_step_g
                        THEN 'more than a vial: ' || change_g || ' g > ' || vial_step_g || ' g'
                    WHEN rounding = 'as_prescribed'
                        THEN
                            'more than its share: ' || change_g || ' g > ' || prescribed_g
                            || ' g × ' || rounding_tolerance
                END
            )
    END AS workings
FROM judged
-- where nobody wrote down what was prescribed, nobody asks how it was rounded; and what was given
-- just as prescribed was not rounded on the way
WHERE
    rounding = 'whole_vials'
    OR (
        prescribed_g IS NOT NULL
        AND (rounding = 'as_prescribed' OR (dose_g = prescribed_g) IS NOT TRUE)
    )
