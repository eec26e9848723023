-- One row per rule on rates and session with its product, its first bag's for a start: the rate in
-- milligrams an hour, and whether a closer look is needed (`is_loud`): the rate reaches the least
-- limit that may matter, it was raised in charted steps, or the label has a limit for patients at
-- risk alone.
WITH rule AS (
    SELECT DISTINCT
        s.rule_key,
        s.set_key,
        s.valid_from,
        s.valid_to,
        s.is_versioned,
        l.part,
        k.product_id,
        k.indication_code,
        LEAST(k.least_per_kg, k.highest_per_kg) AS least_per_kg,
        k.highest_per_kg IS NULL AS is_for_risk_alone,
        k.low IS NOT NULL AS is_named
    FROM audit.scope AS s
    INNER JOIN guideline.rate_rule AS l ON s.rule_key = l.rule_key
    INNER JOIN audit.rate_ceiling AS k ON s.rule_key = k.rule_key
    WHERE s.kind = 'infusion_rate' AND k.history IS NULL
),

stepped AS (
    SELECT DISTINCT session_key
    FROM audit.rate_rise
),

matched AS (
    SELECT
        r.rule_key,
        r.set_key,
        r.part,
        r.is_named,
        r.is_for_risk_alone,
        r.least_per_kg,
        f.session_key,
        f.product_id,
        f.course_key,
        f.patient_key,
        f.low_kg,
        CASE
            WHEN r.part = 'start' THEN f.initial_mg_per_h
            ELSE GREATEST(f.charted_mg_per_h, f.mean_mg_per_h)
        END AS whole_mg_per_h,
        CASE
            WHEN r.part = 'start' THEN f.initial_mg_per_h
            ELSE GREATEST(f.charted_mg_per_h, f.mean_mg_per_h, f.part_mg_per_h)
        END AS rate_mg_per_h,
        CASE WHEN r.part = 'start' THEN f.initial_mg_per_h IS NOT NULL ELSE f.is_charted END
            AS is_charted,
        (r.is_versioned AND v.standing[r.rule_key] != '') IS TRUE AS is_version_unknown,
        (r.part = 'start' AND x.session_key IS NOT NULL) AS is_stepped
    FROM audit.rate_seen AS f
    INNER JOIN rule AS r
        ON
            f.product_id = r.product_id
            AND f.indication_code IS NOT DISTINCT FROM r.indication_code
            AND (r.part = 'maximum' OR f.is_first)
    LEFT JOIN audit.course_version AS v ON f.course_key = v.course_key
    LEFT JOIN stepped AS x ON f.session_key = x.session_key
    WHERE
        CASE
            WHEN r.is_versioned THEN v.standing[r.rule_key] IS NOT NULL
            ELSE
                (r.valid_from IS NULL OR f.course_started_on >= r.valid_from)
                AND (r.valid_to IS NULL OR f.course_started_on <= r.valid_to)
        END
)

SELECT
    * EXCLUDE (is_stepped, is_for_risk_alone, least_per_kg),
    is_stepped OR is_for_risk_alone OR (rate_mg_per_h >= least_per_kg * low_kg) IS TRUE AS is_loud
FROM matched
