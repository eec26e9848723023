-- One row per vaccine rule and vaccination of a patient with a course before it, or with one that
-- begins soon after: did the live vaccine wait for so many calendar months, and immunoglobulin for
-- so many days? A vaccine never accuses; what was given after an exposure, and to patients with a
-- major antibody deficiency, a human looks at. That all is well needs records that would have
-- shown other treatment before the vaccine, and soon after it.
WITH basis AS (
    SELECT IF(COUNT(*) > 0, 'infusion', 'dispensing') AS record
    FROM audit.record_supplied
    WHERE record = 'infusion'
),

covered AS (
    SELECT
        a.rule_key,
        a.vaccination_key,
        BOOL_OR(c.from_on <= a.from_on AND c.to_on >= a.given_on) AS is_past_known,
        BOOL_OR(c.from_on <= a.given_on AND c.to_on >= a.to_on) AS is_sequel_known
    FROM audit.vaccine_faced AS a
    INNER JOIN staged.coverage AS c ON c.site_id IS NULL OR a.site_id = c.site_id
    INNER JOIN basis AS b ON c.record = b.record
    GROUP BY a.rule_key, a.vaccination_key
),

unresolved AS (
    SELECT
        patient_key,
        started_on AS used_on
    FROM derived.infusion
    WHERE exclusion IN ('product_unknown', 'route_unknown')
    UNION ALL
    SELECT
        p.patient_key,
        q.on_date AS used_on
    FROM quarantine.infusion AS q
    INNER JOIN staged.patient_alias AS p ON TRIM(q.patient_id) = p.patient_id
),

unclear AS (
    -- a bag of unknown product, or one in quarantine, was perhaps a treatment
    SELECT DISTINCT
        a.rule_key,
        a.vaccination_key
    FROM audit.vaccine_faced AS a
    INNER JOIN unresolved AS u ON a.patient_key = u.patient_key
    WHERE (u.used_on <= a.from_on OR u.used_on > a.to_on) IS NOT TRUE
),

judged AS (
    SELECT
        a.*,
        CASE
            WHEN a.given_on < a.surely_on AND a.exposed_on IS NOT NULL THEN 'exposure'
            WHEN a.deficiency IS NOT NULL THEN 'antibody_deficiency'
            WHEN a.given_on < a.surely_on THEN 'deferral'
            WHEN a.is_followed AND a.answer_doubt IS NULL THEN 'immunoglobulin_after'
        END AS broken,
        CASE
            WHEN a.is_followed AND a.answer_doubt IS NOT NULL THEN a.answer_doubt
            WHEN a.given_on < a.perhaps_on THEN a.dose_doubt
            WHEN u.rule_key IS NOT NULL THEN 'bag_unresolved'
            WHEN c.is_past_known IS NOT TRUE THEN 'history_truncated'
            WHEN c.is_sequel_known IS NOT TRUE THEN 'outside_coverage'
            WHEN a.max_months = 0 THEN 'not_high_dose'
        END AS doubt
    FROM audit.vaccine_faced AS a
    LEFT JOIN covered AS c ON a.rule_key = c.rule_key AND a.vaccination_key = c.vaccination_key
    LEFT JOIN unclear AS u ON a.rule_key = u.rule_key AND a.vaccination_key = u.vaccination_key
),

said AS (
    SELECT
        *,
        CASE WHEN reading = 'live' THEN broken END AS clause,
        CASE
            WHEN reading = 'exempt' THEN 'vaccine_exempt'
            WHEN reading = 'unreadable' THEN 'codes_not_readable'
            WHEN broken IS NULL THEN doubt
        END AS reason,
        given_on < surely_on AS is_early
    FROM judged
    WHERE
        reading = 'live'
        OR (reading = 'exempt' AND latest_key IS NOT NULL)
        -- what nobody can read is a question only where it would matter
        OR (reading = 'unreadable' AND (given_on < perhaps_on OR is_followed))
),

bag AS (
    SELECT
        i.course_key,
        LIST(
            { 'record': i.record, 'record_key': i.infusion_key, 'role': 'given' }
            ORDER BY i.infusion_key
        ) AS cites
    FROM derived.infusion AS i
    SEMI JOIN said AS s
        ON i.course_key = IF(s.clause = 'immunoglobulin_after', s.follower_key, s.surest_key)
    GROUP BY i.course_key
)

SELECT
    s.rule_key,
    s.set_key,
    'vaccination' AS subject_kind,
    s.vaccination_key AS subject_key,
    CASE
        WHEN s.clause = 'immunoglobulin_after' THEN s.follower_key
        WHEN s.clause IS NOT NULL THEN s.surest_key
        ELSE COALESCE(s.latest_key, s.follower_key)
    END AS course_key,
    s.patient_key,
    CASE
        WHEN s.clause IS NOT NULL THEN 'breached'
        WHEN s.reason IN ('vaccine_exempt', 'not_high_dose') THEN 'not_applicable'
        WHEN s.reason IS NOT NULL THEN 'not_assessable'
        WHEN s.doubt IS NULL THEN 'met'
    END AS status,
    s.reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    COALESCE(s.clause, 'deferral') AS clause,
    CASE
        WHEN s.clause = 'immunoglobulin_after' THEN s.after_days
        WHEN s.clause IS NOT NULL AND s.is_early THEN s.given_on - s.last_on
    END AS observed,
    CASE
        WHEN s.clause = 'immunoglobulin_after' THEN s.days_before_immunoglobulin
        WHEN s.clause IS NOT NULL AND s.is_early THEN s.surely_on - s.last_on
    END AS limit_low,
    CASE WHEN s.clause = 'immunoglobulin_after' OR s.is_early THEN 'days' END AS unit,
    CASE
        WHEN s.clause = 'immunoglobulin_after' THEN s.days_before_immunoglobulin - s.after_days
        WHEN s.clause IS NOT NULL AND s.is_early THEN s.surely_on - s.given_on
    END AS miss,
    CASE
        WHEN s.clause = 'immunoglobulin_after'
            THEN CONCAT_WS(
                CHR(10),
                'immunoglobulin began: ' || s.followed_on || ' - ' || s.given_on || ' = '
                || s.after_days || ' d',
                'too soon: ' || s.after_days || ' d < ' || s.days_before_immunoglobulin || ' d',
                'miss: ' || s.days_before_immunoglobulin || ' d - ' || s.after_days || ' d = '
                || s.days_before_immunoglobulin - s.after_days || ' d',
                'looked for and not found: a later dose, or antibodies, of ' || s.open_components
            )
        WHEN s.clause IS NOT NULL
            THEN CONCAT_WS(
                CHR(10),
                'treated for: ' || s.deficiency,
                'exposed on: ' || CASE WHEN s.clause = 'exposure' THEN s.exposed_on END,
                CASE
                    WHEN s.is_early AND s.n_rows = 1 AND s.surest_doubt IS NULL
                        THEN CONCAT_WS(
                            CHR(10),
                            'high dose: ' || s.total_g || ' g ≥ ' || s.from_g_per_kg || ' g/kg × '
                            || s.weight_kg || ' kg',
                            'above a row: ' || s.total_g || ' g > ' || s.over_g_per_kg || ' g/kg × '
                            || s.weight_kg || ' kg',
                            'row: ' || s.total_g || ' g ≤ ' || s.up_to_g_per_kg || ' g/kg × '
                            || s.weight_kg || ' kg'
                        )
                END,
                CASE
                    WHEN s.is_early
                        THEN CONCAT_WS(
                            CHR(10),
                            'earliest: ' || s.last_on || ' + ' || s.min_months || ' months = '
                            || s.surely_on,
                            'too early: ' || s.given_on || ' < ' || s.surely_on,
                            'miss: ' || s.surely_on || ' - ' || s.given_on || ' = '
                            || s.surely_on - s.given_on || ' d'
                        )
                END
            )
    END AS workings,
    CASE
        WHEN s.clause IS NOT NULL
            THEN LIST_CONCAT(
                [{ 'record': 'vaccination', 'record_key': s.vaccination_key, 'role': 'vaccine' }],
                b.cites,
                CASE
                    WHEN s.clause = 'exposure'
                        THEN [
                            {
                                'record': 'clinical_event',
                                'record_key': s.clinical_event_key,
                                'role': 'exposure'
                            }
                        ]
                END
            )
    END AS cites
FROM said AS s
LEFT JOIN bag AS b
    ON b.course_key = IF(s.clause = 'immunoglobulin_after', s.follower_key, s.surest_key)
