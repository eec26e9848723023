-- One row per rule on rates and session that needs a closer look: the limits that may hold for this
-- patient, in milligrams an hour, and how the rate compares with them.
-- A limit of the label holds as printed, `<` and `<=` apart; where `<=` falls between two settings
-- of a pump†, the next one still counts as kept.
WITH asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.part,
        a.session_key,
        a.product_id,
        a.course_key,
        a.patient_key,
        a.whole_mg_per_h,
        a.rate_mg_per_h,
        a.is_charted,
        a.is_version_unknown,
        f.moment,
        f.started_on,
        f.indication_code,
        f.mg_per_ml,
        f.is_dose_uncertain,
        CASE WHEN f.is_charted AND a.part = 'maximum' THEN f.charted_mg_per_h END
            AS charted_mg_per_h,
        f.charted_ml_per_h,
        f.initial_ml_per_h,
        f.mean_mg_per_h,
        f.given_mg,
        f.seconds,
        f.part_mg_per_h,
        f.part_given_mg,
        f.part_seconds,
        f.low_kg,
        f.high_kg,
        w.actual_kg,
        w.is_stale,
        w.weight_record,
        w.weight_record_key,
        c.age_years,
        c.is_history_truncated,
        c.started_on AS course_started_on
    FROM audit.rate_asked AS a
    INNER JOIN audit.rate_seen AS f
        ON a.session_key = f.session_key AND a.product_id = f.product_id
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    LEFT JOIN derived.course_weight AS w ON a.course_key = w.course_key
    WHERE a.is_loud
),

given AS (
    SELECT
        d.patient_key,
        d.infusion_key,
        d.started_on,
        COALESCE(d.started_at, CAST(d.started_on AS TIMESTAMP)) AS moment,
        CASE WHEN NOT g.is_generic THEN d.product_id END AS product_id
    FROM derived.infusion AS d
    LEFT JOIN guideline.product AS g ON d.product_id = g.product_id
    WHERE
        d.exclusion IS NULL OR d.exclusion IN (
            'subcutaneous', 'intramuscular', 'product_unknown', 'route_unknown'
        )
),

remembered AS (
    -- first: nothing before it, a long pause†, or another product
    SELECT
        a.rule_key,
        a.session_key,
        CASE
            WHEN g.infusion_key IS NULL AND a.is_history_truncated THEN NULL
            WHEN g.infusion_key IS NULL THEN 'first'
            WHEN a.started_on - g.started_on > p.first_infusion_gap_days THEN 'first'
            WHEN g.product_id IS NULL THEN NULL
            WHEN g.product_id != a.product_id THEN 'first'
            ELSE 'later'
        END AS history
    FROM asked AS a
    CROSS JOIN guideline.policy AS p
    ASOF LEFT JOIN given AS g ON a.patient_key = g.patient_key AND a.moment > g.moment
    WHERE a.part = 'start'
),

limited AS (
    SELECT
        a.*,
        h.history,
        k.rise,
        k.first_minutes,
        k.step_minutes,
        k.low,
        k.risk,
        k.risks,
        k.eased['per_kg'] > k.high['per_kg'] AND (a.age_years < k.eased_min_age_years) IS NOT TRUE
            AS is_eased,
        k.eased_min_age_years IS NOT NULL AND a.age_years IS NULL AS is_age_missing,
        CASE
            WHEN k.low IS NULL THEN k.highest
            WHEN
                k.eased['per_kg'] > k.high['per_kg']
                AND (a.age_years < k.eased_min_age_years) IS NOT TRUE
                THEN k.eased
            ELSE k.high
        END AS high
    FROM asked AS a
    LEFT JOIN remembered AS h ON a.rule_key = h.rule_key AND a.session_key = h.session_key
    INNER JOIN audit.rate_ceiling AS k
        ON
            a.rule_key = k.rule_key
            AND a.product_id = k.product_id
            AND a.indication_code IS NOT DISTINCT FROM k.indication_code
            AND h.history IS NOT DISTINCT FROM k.history
),

bounded AS (
    SELECT
        l.*,
        CAST(l.mg_per_ml * p.pump_step_ml_per_h AS DECIMAL(18, 6)) AS step_mg_per_h,
        CAST(l.low['per_kg'] * l.low_kg AS DECIMAL(18, 6)) AS low_mg_per_h,
        CAST(l.high['per_kg'] * l.high_kg AS DECIMAL(18, 6)) AS high_mg_per_h,
        CAST(l.risk['per_kg'] * l.low_kg AS DECIMAL(18, 6)) AS risk_low_mg_per_h,
        CAST(l.risk['per_kg'] * l.high_kg AS DECIMAL(18, 6)) AS risk_high_mg_per_h,
        p.rate_tolerance,
        p.implausible_dose_ratio,
        p.pump_step_ml_per_h,
        p.weight_sensitivity
    FROM limited AS l
    CROSS JOIN guideline.policy AS p
),

reached AS (
    -- the highest setting that still keeps the limit
    SELECT
        *,
        CASE
            WHEN low['is_strict'] OR step_mg_per_h IS NULL THEN low_mg_per_h
            ELSE low_mg_per_h + (step_mg_per_h - low_mg_per_h % step_mg_per_h) % step_mg_per_h
        END AS low_reach,
        CASE
            WHEN high['is_strict'] OR step_mg_per_h IS NULL THEN high_mg_per_h
            ELSE high_mg_per_h + (step_mg_per_h - high_mg_per_h % step_mg_per_h) % step_mg_per_h
        END AS high_reach,
        CASE
            WHEN risk['is_strict'] OR step_mg_per_h IS NULL THEN risk_high_mg_per_h
            ELSE
                risk_high_mg_per_h
                + (step_mg_per_h - risk_high_mg_per_h % step_mg_per_h) % step_mg_per_h
        END AS risk_reach
    FROM bounded
),

compared AS (
    SELECT
        *,
        (rate_mg_per_h > high_reach OR (high['is_strict'] AND rate_mg_per_h = high_reach)) IS TRUE
            AS is_over,
        (whole_mg_per_h > high_reach OR (high['is_strict'] AND whole_mg_per_h = high_reach)) IS TRUE
            AS is_over_in_all,
        (rate_mg_per_h < low_reach OR (NOT low['is_strict'] AND rate_mg_per_h = low_reach)) IS TRUE
            AS is_kept,
        (rate_mg_per_h > risk_reach OR (risk['is_strict'] AND rate_mg_per_h = risk_reach)) IS TRUE
            AS is_over_risk,
        (
            rate_mg_per_h < risk_low_mg_per_h
            OR (NOT risk['is_strict'] AND rate_mg_per_h = risk_low_mg_per_h)
        ) IS TRUE AS is_risk_kept
    FROM reached
),

-- a risk matters where its limit is passed, or where the label has no other
pressed AS (
    SELECT
        rule_key,
        session_key,
        patient_key,
        course_started_on,
        age_years,
        STRING_SPLIT(risks, ' ') AS risk_list
    FROM compared
    WHERE risks IS NOT NULL AND (NOT is_risk_kept OR high IS NULL)
),

risk AS (
    SELECT
        c.rule_key,
        c.session_key,
        r.risk_factor,
        r.record,
        r.record_key
    FROM pressed AS c
    INNER JOIN derived.patient_risk AS r
        ON c.patient_key = r.patient_key AND LIST_CONTAINS(c.risk_list, r.risk_factor)
    WHERE
        NOT r.is_recalled
        AND c.course_started_on >= r.known_on
        AND (r.until_on IS NULL OR r.until_on >= c.course_started_on)
    UNION ALL
    SELECT
        c.rule_key,
        c.session_key,
        r.risk_factor,
        'patient' AS record,
        c.patient_key AS record_key
    FROM pressed AS c
    INNER JOIN guideline.risk_factor AS r
        ON
            r.sign = 'age'
            AND c.age_years >= r.at_least
            AND LIST_CONTAINS(c.risk_list, r.risk_factor)
),

risky AS (
    SELECT
        rule_key,
        session_key,
        LIST(DISTINCT { 'record': record, 'record_key': record_key, 'role': 'risk' })
            AS risk_records,
        LIST_SORT(LIST(DISTINCT risk_factor)) AS risk_names
    FROM risk
    GROUP BY rule_key, session_key
)

SELECT
    c.*, -- the facts stay beside their comparison -- noqa: AM04
    c.indication_code IS NULL AS is_indication_unknown,
    r.risk_records,
    r.risk_names,
    r.session_key IS NOT NULL AS is_at_risk
FROM compared AS c
LEFT JOIN risky AS r ON c.rule_key = r.rule_key AND c.session_key = r.session_key
