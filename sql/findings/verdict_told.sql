-- One row per verdict that says more than its rule: breached, with limits, of a rule that may
-- accuse, or of no rule; with every cap applied. The others are plain: audit.verdict_plain.
-- The caps are those of the design, section 6. They soften a severity and never change a status.
-- What only a breach can need is worked out for breaches alone.
WITH ruling AS (
    -- authority: the lower the number the more it weighs
    SELECT
        r.rule_key,
        r.set_key,
        CAST(r.kind AS AUDIT.VERDICT_KIND) AS kind,
        r.severity,
        r.effective_severity,
        r.phase IN ('loading', 'induction', 'maintenance', 'repeat') AS is_of_a_phase,
        s.is_house,
        CASE s.authority
            WHEN 'label' THEN 1
            WHEN 'commissioner' THEN 2
            WHEN 'society' THEN 3
            WHEN 'unit' THEN 4
            WHEN 'overview' THEN 5
        END AS authority_rank
    FROM guideline.rule AS r
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
),

accusing AS (
    SELECT DISTINCT
        kind,
        set_key
    FROM guideline.rule
    WHERE effective_severity = 'off_guideline'
),

doubtful AS (
    -- the courses that something is uncertain of, whatever the rule
    SELECT
        course_key,
        (indication_source = 'diagnosis') IS TRUE AS is_from_diagnosis,
        phase IS NULL AS is_phase_unknown,
        has_quarantined_row
    FROM derived.course
    WHERE indication_source = 'diagnosis' OR phase IS NULL OR has_quarantined_row
),

breach AS (
    SELECT
        a.rule_key,
        a.kind,
        a.subject_kind,
        a.subject_key,
        a.course_key,
        a.patient_key,
        a.clause,
        a.limit_high * (1 + a.tolerance) AS tolerated_g,
        a.observed,
        a.limit_high,
        a.unit,
        a.miss,
        r.authority_rank,
        r.effective_severity
    FROM aside.answer AS a
    INNER JOIN ruling AS r ON a.rule_key = r.rule_key
    WHERE a.status = 'breached'
),

above AS (
    -- doses and rates called too high by a rule that may accuse
    SELECT *
    FROM breach
    WHERE
        ((kind = 'regimen' AND unit = 'g') OR (kind = 'infusion_rate' AND clause = 'rate'))
        AND observed > limit_high
        AND effective_severity = 'off_guideline'
),

compared AS (
    SELECT
        rule_key,
        kind,
        subject_kind,
        subject_key,
        status
    FROM aside.answer
    WHERE rule_key IS NOT NULL AND status IN ('met', 'breached')
    UNION ALL
    SELECT
        p.rule_key,
        r.kind,
        p.subject_kind,
        p.subject_key,
        p.status
    FROM audit.verdict_plain AS p
    INNER JOIN ruling AS r ON p.rule_key = r.rule_key
    WHERE p.status = 'met'
),

standing AS (
    -- the other sets that are met there: some rule of the kind is, and none is breached.
    -- To give a dose for a use, and to find it kept, is to permit the use.
    SELECT
        b.rule_key,
        b.subject_kind,
        b.subject_key
    FROM breach AS b
    INNER JOIN compared AS a
        ON
            b.subject_kind = a.subject_kind
            AND b.subject_key = a.subject_key
            AND (b.kind = a.kind OR (b.kind = 'indication' AND a.kind = 'regimen'))
    INNER JOIN ruling AS r ON a.rule_key = r.rule_key AND b.authority_rank > r.authority_rank
    WHERE
        b.effective_severity = 'off_guideline'
        AND NOT r.is_house
    GROUP BY b.rule_key, b.subject_kind, b.subject_key, r.set_key
    HAVING
        BOOL_OR(a.status = 'met')
        AND NOT BOOL_OR(a.status = 'breached' AND a.kind = b.kind)
),

upheld AS (
    SELECT DISTINCT
        rule_key,
        subject_kind,
        subject_key
    FROM standing
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
    -- have allowed the dose or the rate: one of the two is wrong, and nobody knows which
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

counted_once AS (
    -- courses with bags that may be one charted twice: the grams of these, and the highest day
    -- without them
    SELECT
        course_key,
        SUM(again_g) AS again_g,
        MAX(once_g) AS day_g
    FROM (
        SELECT
            i.course_key,
            SUM(a.dose_g) AS again_g,
            SUM(CASE WHEN a.infusion_key IS NULL THEN i.dose_g END) AS once_g
        FROM derived.infusion AS i
        SEMI JOIN above AS b ON i.course_key = b.course_key
        LEFT JOIN audit.bag_again AS a
            ON i.record = a.record AND i.infusion_key = a.infusion_key
        GROUP BY i.course_key, i.started_on
    ) AS in_day
    GROUP BY course_key
    HAVING SUM(again_g) > 0
),

charted_twice AS (
    -- too much only if two bags alike were two: nobody can tell
    SELECT
        b.rule_key,
        b.subject_key
    FROM above AS b
    INNER JOIN counted_once AS o ON b.course_key = o.course_key
    WHERE
        b.unit = 'g'
        AND IF(b.clause = 'dose_per_day', o.day_g, b.observed - o.again_g) <= b.tolerated_g
    UNION
    -- a rate worked out from grams; one that was charted stands, whatever the bags
    SELECT
        b.rule_key,
        b.subject_key
    FROM above AS b
    INNER JOIN audit.rate_seen AS f ON b.subject_key = f.session_key
    INNER JOIN audit.bag_again AS a
        ON f.session_key = a.session_key AND f.product_id = a.product_id
    WHERE
        b.kind = 'infusion_rate'
        AND (f.charted_mg_per_h >= GREATEST(f.mean_mg_per_h, f.part_mg_per_h)) IS NOT TRUE
    GROUP BY
        b.rule_key, b.subject_key, b.observed, b.tolerated_g, f.product_id, f.given_mg,
        f.part_given_mg
    HAVING
        1 - CAST(b.tolerated_g / b.observed AS DOUBLE)
        <= SUM(a.dose_g) * 1000 / COALESCE(f.part_given_mg, f.given_mg)
    UNION
    -- too soon accuses by the grams of the 28 days to the end of the course
    SELECT
        b.rule_key,
        b.subject_key
    FROM breach AS b
    INNER JOIN derived.course AS c ON b.course_key = c.course_key
    INNER JOIN audit.bag_again AS a
        ON
            b.patient_key = a.patient_key
            AND c.last_on >= a.started_on
            AND c.last_on < a.started_on + 28
    WHERE
        b.kind = 'regimen'
        AND b.clause IN ('interval', 'repeat', 'month')
        AND b.effective_severity = 'off_guideline'
),

softened AS (
    -- caps that only a breach can have
    SELECT
        b.rule_key,
        b.subject_kind,
        b.subject_key,
        CASE
            WHEN o.rule_key IS NOT NULL THEN 'weight_contradicted'
            WHEN d.is_day_in_doubt THEN 'day_in_doubt'
            WHEN t.rule_key IS NOT NULL THEN 'bag_charted_twice'
            WHEN
                -- a point that slipped in the dose or the weight, until a human has looked†
                b.unit = 'g' AND b.observed > b.limit_high * p.implausible_dose_ratio
                THEN 'dose_implausible'
            WHEN
                b.unit = 'g'
                AND b.miss < COALESCE(c.vial_step_g, p.default_vial_step_g)
                THEN 'below_vial_step'
            WHEN u.rule_key IS NOT NULL THEN 'higher_authority_met'
        END AS breach_cap
    FROM breach AS b
    CROSS JOIN guideline.policy AS p
    LEFT JOIN derived.course AS c ON b.course_key = c.course_key
    LEFT JOIN upheld AS u
        ON
            b.rule_key = u.rule_key
            AND b.subject_kind = u.subject_kind
            AND b.subject_key = u.subject_key
    LEFT JOIN weighed_otherwise AS o
        ON b.rule_key = o.rule_key AND b.subject_key = o.subject_key
    LEFT JOIN dosed_otherwise AS d
        ON b.rule_key = d.rule_key AND b.subject_key = d.subject_key
    LEFT JOIN charted_twice AS t
        ON b.rule_key = t.rule_key AND b.subject_key = t.subject_key
),

doubted AS (
    SELECT
        a.* REPLACE (COALESCE(a.set_key, r.set_key) AS set_key),
        -- only published sets answer without naming a rule
        COALESCE(r.is_house, FALSE) AS is_house,
        g.set_key IS NOT NULL AS has_accusing_rule,
        r.severity AS rule_severity,
        r.effective_severity,
        CASE
            WHEN d.is_from_diagnosis THEN 'diagnosis_only'
            WHEN d.is_phase_unknown AND r.is_of_a_phase THEN 'phase_unknown'
            WHEN d.has_quarantined_row THEN 'quarantined_row'
            WHEN a.is_weight_disputed THEN 'weight_disputed'
            ELSE s.breach_cap
        END AS subject_cap
    FROM aside.answer AS a
    LEFT JOIN ruling AS r ON a.rule_key = r.rule_key
    LEFT JOIN accusing AS g
        ON
            a.rule_key IS NULL
            AND a.kind = g.kind
            AND a.set_key = g.set_key
    LEFT JOIN doubtful AS d ON a.course_key = d.course_key
    LEFT JOIN softened AS s
        ON
            a.status = 'breached'
            AND a.rule_key = s.rule_key
            AND a.subject_kind = s.subject_kind
            AND a.subject_key = s.subject_key
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
