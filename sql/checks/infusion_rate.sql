-- One row per rule on rates and session with its product: did it run faster than the label lets it,
-- or was it started or raised faster? Limits: guideline.rate_limit; comparison: audit.rate_judged.
-- A mean over time proves a rate too high and never one low enough. Only the highest rate of the
-- label, passed over the whole session or as charted, may accuse; how it was started never does.
WITH judged AS (
    SELECT *
    FROM audit.rate_judged
),

hurried AS (
    -- the first rise of a session that came too soon or was too large
    SELECT
        j.rule_key,
        j.session_key,
        x.rate_step_key,
        x.before_key,
        x.waited_seconds,
        x.rate_ml_per_h AS after_ml_per_h,
        x.before_ml_per_h,
        IF(x.rise_number = 1, j.first_minutes, j.step_minutes) AS least_minutes,
        (x.waited_seconds < least_minutes * 60) IS TRUE AS is_too_soon,
        CAST((x.rate_ml_per_h - x.before_ml_per_h) * j.mg_per_ml AS DECIMAL(24, 9))
            AS rise_mg_per_h,
        -- rounded to the pump† at both ends, a rise may be one setting more
        CAST(j.rise['per_kg'] * j.high_kg + j.step_mg_per_h AS DECIMAL(24, 9)) AS rise_reach
    FROM judged AS j
    INNER JOIN audit.rate_rise AS x
        ON j.session_key = x.session_key AND j.product_id = x.product_id
    WHERE j.part = 'start' AND (is_too_soon OR rise_mg_per_h > rise_reach)
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY j.rule_key, j.session_key ORDER BY x.set_at, x.rate_step_key
    ) = 1
),

answered AS (
    SELECT
        j.*,
        x.rate_step_key,
        x.before_key,
        x.waited_seconds,
        x.after_ml_per_h,
        x.before_ml_per_h,
        x.least_minutes,
        x.rise_mg_per_h,
        x.rise_reach,
        -- what the finding is about: a rate, a limit of patients at risk, or a rise
        CASE
            WHEN j.is_version_unknown THEN NULL
            WHEN j.is_over THEN 'rate'
            WHEN j.is_at_risk AND j.is_over_risk THEN 'risk'
            WHEN x.is_too_soon THEN 'wait'
            WHEN x.session_key IS NOT NULL THEN 'rise'
        END AS breach
    FROM judged AS j
    LEFT JOIN hurried AS x ON j.rule_key = x.rule_key AND j.session_key = x.session_key
),

explained AS (
    SELECT
        *,
        CASE
            WHEN is_version_unknown THEN 'version_unknown'
            WHEN breach = 'rate' AND low IS NULL THEN 'not_labelled'
            WHEN breach IS NOT NULL THEN NULL
            WHEN high IS NULL AND NOT is_at_risk THEN 'limit_not_read'
            WHEN high IS NOT NULL AND low IS NULL THEN 'not_labelled'
            WHEN rate_mg_per_h IS NULL THEN 'rate_unknown'
            WHEN actual_kg IS NULL THEN 'no_weight'
            WHEN NOT is_charted THEN 'rate_unknown'
            WHEN is_at_risk AND NOT is_risk_kept THEN 'weight_stale'
            WHEN is_kept OR high IS NULL THEN NULL
            WHEN low['per_kg'] = high['per_kg'] THEN 'weight_stale'
            WHEN is_indication_unknown THEN 'no_indication'
            WHEN is_eased AND is_age_missing THEN 'population_unknown'
            WHEN is_eased THEN 'condition_unknown'
            ELSE 'history_truncated'
        END AS reason
    FROM answered
),

softened AS (
    SELECT
        *,
        CASE
            WHEN breach IS NULL AND (reason = 'condition_unknown') IS NOT TRUE THEN NULL
            WHEN part = 'start' AND (history = 'first') IS NOT TRUE THEN 'not_first'
            WHEN part = 'start' THEN 'never_accuses'
            WHEN breach IS NULL THEN 'condition_unknown'
            WHEN breach = 'risk' THEN 'risk_judged'
            WHEN low IS NULL OR (is_indication_unknown AND low['per_kg'] < high['per_kg'])
                THEN 'not_named'
            WHEN NOT is_over_in_all THEN 'part_of_session'
            WHEN
                is_dose_uncertain
                OR (charted_mg_per_h < whole_mg_per_h AND charted_mg_per_h <= high_reach)
                THEN 'records_contradict'
            WHEN whole_mg_per_h > high_mg_per_h * implausible_dose_ratio THEN 'rate_implausible'
            WHEN whole_mg_per_h <= high_mg_per_h * (1 + rate_tolerance) THEN 'within_tolerance'
        END AS cap,
        -- the limit that was passed, or the strictest that may hold
        CASE
            WHEN breach = 'rise' THEN rise
            WHEN breach = 'rate' THEN high
            WHEN breach = 'risk' THEN risk
            WHEN is_at_risk AND (risk['per_kg'] >= low['per_kg']) IS NOT TRUE THEN risk
            ELSE low
        END AS bar,
        CASE
            WHEN breach = 'rise' THEN rise_mg_per_h
            WHEN breach = 'risk' OR (breach = 'rate' AND NOT is_over_in_all) THEN rate_mg_per_h
            ELSE whole_mg_per_h
        END AS shown_mg_per_h,
        CAST(
            CASE breach
                WHEN 'rate' THEN high_reach WHEN 'risk' THEN risk_reach WHEN 'rise' THEN rise_reach
            END AS DECIMAL(24, 9)
        ) AS reach
    FROM explained
),

measured AS (
    SELECT
        *,
        -- rounded away from the limit, so that what was printed still breaks it
        CAST(
            CASE
                WHEN breach = 'wait' THEN FLOOR(waited_seconds * 1000 / 60) / 1000
                WHEN breach IS NULL
                    THEN FLOOR(shown_mg_per_h * 1000 / (high_kg * bar['factor'])) / 1000
                WHEN shown_mg_per_h = bar['per_kg'] * high_kg THEN bar['value']
                ELSE CEIL(shown_mg_per_h * 1000 / (high_kg * bar['factor'])) / 1000
            END AS DECIMAL(12, 3)
        ) AS observed,
        CASE WHEN breach = 'wait' THEN CAST(least_minutes AS DECIMAL(12, 3)) END AS limit_low,
        CASE WHEN (breach = 'wait') IS NOT TRUE THEN bar['value'] END AS limit_high,
        CASE WHEN (breach = 'wait') IS NOT TRUE THEN bar['unit'] END AS unit,
        CAST(bar['per_kg'] * high_kg AS DECIMAL(24, 9)) AS bar_mg_per_h
    FROM softened
),

written AS (
    -- the pieces of the arithmetic of a breach, trailing zeros left out
    SELECT
        *,
        CASE WHEN breach IS NOT NULL THEN REGEXP_REPLACE(shown_mg_per_h || '', '\.?0+$', '') END
        || ' mg/h' AS shown_text,
        CASE WHEN breach IS NOT NULL THEN REGEXP_REPLACE(mg_per_ml || '', '\.?0+$', '') END
        || ' mg/ml' AS strength_text,
        CASE WHEN breach IS NOT NULL THEN REGEXP_REPLACE(high_kg || '', '\.?0+$', '') END
        || ' kg' AS weight_text,
        CASE WHEN breach IS NOT NULL THEN REGEXP_REPLACE(bar_mg_per_h || '', '\.?0+$', '') END
        || ' mg/h' AS bar_text,
        CASE WHEN breach IS NOT NULL THEN REGEXP_REPLACE(reach || '', '\.?0+$', '') END
        || ' mg/h' AS reach_text,
        CASE WHEN unit != 'mg/kg/min' THEN REGEXP_REPLACE(bar['mg_per_ml'] || '', '\.?0+$', '') END
        || ' mg/ml' AS label_strength_text
    FROM measured
)

SELECT -- what the other part leaves out is NULL -- noqa: AM07
    rule_key,
    set_key,
    'session' AS subject_kind,
    session_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN breach IS NOT NULL THEN 'breached'
        WHEN reason IS NULL THEN 'met'
        WHEN reason IN ('limit_not_read', 'not_labelled') THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    reason,
    CASE
        WHEN cap = 'not_first' THEN 'advisory'
        WHEN cap IS NOT NULL THEN 'review'
    END AS severity,
    cap,
    -- where nobody charts rates a label's doses still make a headline
    part = 'maximum' AND (reason = 'rate_unknown') IS NOT TRUE AS is_accusable,
    FALSE AS is_weight_disputed,
    CASE
        WHEN breach IN ('wait', 'rise') THEN 'titration'
        WHEN part = 'start' THEN 'first_rate'
        ELSE 'rate'
    END AS clause,
    observed,
    limit_low,
    limit_high,
    CASE WHEN COALESCE(limit_low, limit_high) IS NOT NULL THEN 0 END AS tolerance,
    CASE WHEN breach = 'wait' THEN 'minutes' ELSE REPLACE(unit, '/', '_per_') END AS unit,
    CASE
        WHEN breach = 'wait' THEN limit_low - observed
        WHEN breach IS NOT NULL THEN observed - limit_high
    END AS miss,
    CASE WHEN breach != 'wait' THEN 'actual' END AS weight_basis,
    CASE
        WHEN breach = 'wait'
            THEN CONCAT_WS(
                CHR(10),
                'before the rate rose: ' || waited_seconds || ' s ≥ ' || observed || ' min',
                'too soon: ' || waited_seconds || ' s < ' || limit_low || ' min',
                'miss: ' || limit_low || ' min - ' || observed || ' min = '
                || limit_low - observed || ' min'
            )
        WHEN breach IS NOT NULL
            THEN CONCAT_WS(
                CHR(10),
                CASE
                    WHEN breach = 'rise'
                        THEN
                            'rise: (' || after_ml_per_h || ' ml/h - ' || before_ml_per_h
                            || ' ml/h) × ' || strength_text || ' = ' || shown_text
                    WHEN part = 'start'
                        THEN
                            'first rate: ' || initial_ml_per_h || ' ml/h × ' || strength_text
                            || ' = ' || shown_text
                    WHEN shown_mg_per_h = charted_ml_per_h * mg_per_ml
                        THEN
                            'charted: ' || charted_ml_per_h || ' ml/h × ' || strength_text
                            || ' = ' || shown_text
                    WHEN shown_mg_per_h = mean_mg_per_h
                        THEN
                            'mean of the session: ' || given_mg || ' mg ÷ ' || seconds
                            || ' s ≥ ' || shown_text
                    WHEN shown_mg_per_h = part_mg_per_h
                        THEN
                            'mean of its busiest part: ' || part_given_mg || ' mg ÷ '
                            || part_seconds || ' s ≥ ' || shown_text
                END,
                CASE
                    WHEN is_stale
                        THEN
                            'weight, as high as an old one may be: ' || actual_kg
                            || ' kg × (1 + ' || weight_sensitivity || ') = ' || weight_text
                END,
                'limit: ' || CONCAT_WS(
                    ' × ', limit_high || ' ' || unit, label_strength_text, weight_text
                ) || ' = ' || bar_text,
                CASE
                    WHEN breach = 'rise'
                        THEN
                            'with one setting of the pump: ' || bar_text || ' + '
                            || pump_step_ml_per_h || ' ml/h × ' || strength_text || ' = '
                            || reach_text
                    WHEN reach > bar_mg_per_h
                        THEN
                            'in settings of the pump: ceil(' || bar_text || ' ÷ ' || strength_text
                            || ' ÷ ' || pump_step_ml_per_h || ' ml/h) × ' || pump_step_ml_per_h
                            || ' ml/h × ' || strength_text || ' = ' || reach_text
                END,
                CASE
                    WHEN shown_mg_per_h = reach
                        THEN 'not less than the limit: ' || shown_text || ' ≥ ' || reach_text
                    ELSE 'above the limit: ' || shown_text || ' > ' || reach_text
                END,
                'per kilogram: ' || CONCAT_WS(
                    ' ÷ ', shown_text, label_strength_text, weight_text
                ) || ' ≤ ' || observed || ' ' || unit,
                'miss: ' || observed || ' ' || unit || ' - ' || limit_high || ' ' || unit || ' = '
                || observed - limit_high || ' ' || unit,
                CASE
                    WHEN breach = 'risk'
                        THEN 'at risk on record: ' || ARRAY_TO_STRING(risk_names, ', ')
                END
            )
    END AS workings,
    CASE
        WHEN breach IS NOT NULL
            THEN LIST_FILTER(
                LIST_CONCAT(
                    [
                        {
                            'record': weight_record,
                            'record_key': weight_record_key,
                            'role': 'weight'
                        },
                        { 'record': 'rate_step', 'record_key': before_key, 'role': 'rate' },
                        { 'record': 'rate_step', 'record_key': rate_step_key, 'role': 'rate' }
                    ],
                    CASE WHEN breach = 'risk' THEN risk_records END
                ), LAMBDA one: one['record_key'] IS NOT NULL
            )
    END AS cites
FROM written
UNION ALL BY NAME
-- most sessions need no closer look
SELECT
    rule_key,
    set_key,
    'session' AS subject_kind,
    session_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN is_version_unknown THEN 'not_assessable'
        WHEN NOT is_named THEN 'not_applicable'
        WHEN rate_mg_per_h IS NULL OR low_kg IS NULL OR NOT is_charted THEN 'not_assessable'
        ELSE 'met'
    END AS status,
    CASE
        WHEN is_version_unknown THEN 'version_unknown'
        WHEN NOT is_named THEN 'not_labelled'
        WHEN rate_mg_per_h IS NULL THEN 'rate_unknown'
        WHEN low_kg IS NULL THEN 'no_weight'
        WHEN NOT is_charted THEN 'rate_unknown'
    END AS reason,
    part = 'maximum' AND is_charted AS is_accusable,
    FALSE AS is_weight_disputed,
    IF(part = 'start', 'first_rate', 'rate') AS clause
FROM audit.rate_asked
WHERE NOT is_loud
