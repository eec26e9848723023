-- One row per rule and subject it could apply to, met ones too, with every cap applied.
-- The caps are those of the design, section 6. They soften a severity and never change a status.
WITH ranked AS (
    -- authority: the lower the number the more it weighs; our own house set has none
    SELECT
        set_key,
        is_house,
        CASE authority
            WHEN 'label' THEN 1
            WHEN 'commissioner' THEN 2
            WHEN 'society' THEN 3
            WHEN 'unit' THEN 4
            WHEN 'overview' THEN 5
        END AS authority_rank
    FROM guideline.guideline_set
),

accused AS (
    -- breaches by a rule that may accuse: few, so they are looked at twice
    SELECT
        a.kind,
        a.rule_key,
        a.subject_kind,
        a.subject_key,
        a.course_key,
        a.patient_key,
        a.clause,
        a.unit,
        a.limit_high,
        a.tolerance,
        a.observed
    FROM answer AS a
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    WHERE a.status = 'breached' AND r.effective_severity = 'off_guideline'
),

standing AS (
    -- the other sets that are met there: some rule of the kind is, and none is breached.
    -- To give a dose for a use, and to find it kept, is to permit the use.
    SELECT
        b.rule_key,
        b.subject_kind,
        b.subject_key,
        MIN(s.authority_rank) AS authority_rank
    FROM accused AS b
    INNER JOIN answer AS a
        ON
            b.subject_kind = a.subject_kind
            AND b.subject_key = a.subject_key
            AND (b.kind = a.kind OR (b.kind = 'indication' AND a.kind = 'regimen'))
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    INNER JOIN ranked AS s ON r.set_key = s.set_key
    WHERE a.status IN ('met', 'breached') AND NOT s.is_house
    GROUP BY b.rule_key, b.subject_kind, b.subject_key, s.set_key
    HAVING
        BOOL_OR(a.status = 'met')
        AND NOT BOOL_OR(a.status = 'breached' AND a.kind = b.kind)
),

upheld AS (
    SELECT
        rule_key,
        subject_kind,
        subject_key,
        MIN(authority_rank) AS authority_rank
    FROM standing
    GROUP BY rule_key, subject_kind, subject_key
),

accusing AS (
    SELECT DISTINCT
        kind,
        set_key
    FROM guideline.rule
    WHERE effective_severity = 'off_guideline'
),

above AS (
    SELECT
        rule_key,
        subject_key,
        course_key,
        patient_key,
        clause,
        limit_high * (1 + tolerance) AS tolerated_g,
        observed
    FROM accused
    WHERE kind = 'regimen' AND unit = 'g' AND observed > limit_high
),

other_weight AS (
    SELECT
        patient_key,
        measured_on,
        weight_kg
    FROM staged.body_measurement
    WHERE weight_kg IS NOT NULL
    UNION ALL
    SELECT
        patient_key,
        started_on AS measured_on,
        weight_kg
    FROM derived.infusion
    WHERE weight_kg IS NOT NULL
),

weighed_otherwise AS (
    -- another weight of the same day, or one near it that differs by more than is credible, would
    -- have allowed the dose: one of the two is wrong, and nobody knows which
    SELECT DISTINCT
        b.rule_key,
        b.subject_key
    FROM above AS b
    INNER JOIN derived.course_weight AS w ON b.course_key = w.course_key
    INNER JOIN other_weight AS o ON b.patient_key = o.patient_key
    LEFT JOIN guideline.weight_limit AS l ON l.problem = 'jump'
    WHERE
        b.observed * w.actual_kg <= b.tolerated_g * o.weight_kg
        AND (
            o.measured_on = w.measured_on
            OR (
                ABS(o.measured_on - w.measured_on) <= l.limit_days
                AND o.weight_kg > w.actual_kg * (1 + l.limit_value)
            )
        )
),

calendar_day AS (
    SELECT
        i.course_key,
        SUM(i.dose_g) AS day_g
    FROM derived.infusion AS i
    SEMI JOIN above AS b ON i.course_key = b.course_key AND b.clause = 'dose_per_day'
    WHERE i.record = 'infusion'
    GROUP BY i.course_key, i.started_on
),

dosed_otherwise AS (
    -- bag by bag no calendar day is above the limit: only how bags make a session† says so.
    -- What the pharmacy issued on one day need not have been given on one day.
    SELECT
        b.rule_key,
        b.subject_key,
        (MAX(d.day_g) > b.tolerated_g) IS NOT TRUE AS is_day_in_doubt
    FROM above AS b
    LEFT JOIN calendar_day AS d ON b.course_key = d.course_key
    WHERE b.clause = 'dose_per_day'
    GROUP BY b.rule_key, b.subject_key, b.tolerated_g
),

doubted AS (
    SELECT
        a.* REPLACE (COALESCE(a.set_key, r.set_key) AS set_key),
        s.is_house,
        g.set_key IS NOT NULL AS has_accusing_rule,
        r.severity AS rule_severity,
        r.effective_severity,
        CASE
            WHEN c.indication_source = 'diagnosis' THEN 'diagnosis_only'
            WHEN
                c.course_key IS NOT NULL
                AND c.phase IS NULL
                AND r.phase IN ('loading', 'induction', 'maintenance', 'repeat', 'trial')
                THEN 'phase_unknown'
            WHEN c.has_quarantined_row THEN 'quarantined_row'
            WHEN a.is_weight_disputed THEN 'weight_disputed'
            WHEN o.rule_key IS NOT NULL THEN 'weight_contradicted'
            WHEN d.is_day_in_doubt THEN 'day_in_doubt'
            WHEN
                -- a point that slipped in the dose or the weight, until a human has looked†
                a.unit = 'g' AND a.observed > a.limit_high * p.implausible_dose_ratio
                THEN 'dose_implausible'
            WHEN
                a.unit = 'g'
                AND a.miss < COALESCE(c.vial_step_g, p.default_vial_step_g)
                THEN 'below_vial_step'
            WHEN u.authority_rank < s.authority_rank THEN 'higher_authority_met'
        END AS subject_cap
    FROM answer AS a
    CROSS JOIN guideline.policy AS p
    LEFT JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    -- a check that names the rule need not name its set
    INNER JOIN ranked AS s ON s.set_key = COALESCE(a.set_key, r.set_key)
    LEFT JOIN accusing AS g ON a.kind = g.kind AND s.set_key = g.set_key
    LEFT JOIN derived.course AS c ON a.course_key = c.course_key
    LEFT JOIN upheld AS u
        ON
            a.rule_key = u.rule_key
            AND a.subject_kind = u.subject_kind
            AND a.subject_key = u.subject_key
    LEFT JOIN weighed_otherwise AS o
        ON a.rule_key = o.rule_key AND a.subject_key = o.subject_key
    LEFT JOIN dosed_otherwise AS d
        ON a.rule_key = d.rule_key AND a.subject_key = d.subject_key
),

capped AS (
    SELECT
        *,
        CASE
            WHEN rule_key IS NULL THEN NULL
            WHEN 'advisory' IN (effective_severity, severity) THEN 'advisory'
            WHEN 'review' IN (effective_severity, severity) OR subject_cap IS NOT NULL THEN 'review'
            ELSE 'off_guideline'
        END AS final_severity
    FROM doubted
)

SELECT
    kind,
    set_key,
    rule_key,
    subject_kind,
    subject_key,
    course_key,
    patient_key,
    status,
    reason,
    final_severity AS severity,
    CASE
        WHEN rule_key IS NULL OR final_severity = rule_severity THEN NULL
        WHEN final_severity = effective_severity THEN 'rule'
        WHEN final_severity = severity THEN COALESCE(CAST(cap AS VARCHAR), 'clause')
        ELSE subject_cap
    END AS cap,
    CASE
        WHEN is_house OR NOT is_accusable OR status = 'not_applicable' THEN FALSE
        WHEN rule_key IS NULL THEN has_accusing_rule
        -- what another set calls met excuses a breach and casts no doubt on the facts
        ELSE
            effective_severity = 'off_guideline'
            AND (subject_cap IS NULL OR subject_cap = 'higher_authority_met')
    END AS is_countable,
    clause,
    observed,
    limit_low,
    limit_high,
    tolerance,
    unit,
    regimen_key,
    miss,
    weight_basis
FROM capped
