-- One row per finding of the run before that is none any more and whose subject is still in the
-- records: what its rule says of it today; NULL: nothing. The subject is found by its day and
-- known by the digest that is the finding's key.
WITH gone AS (
    SELECT
        b.finding_key,
        b.subject_kind,
        b.subject_on,
        b.rule_id,
        r.rule_key
    FROM temp.finding_before AS b
    LEFT JOIN guideline.rule AS r ON b.rule_id = r.rule_id
    ANTI JOIN audit.finding AS f ON b.finding_key = f.finding_key
),

day AS (
    SELECT DISTINCT subject_on FROM gone
),

thing AS (
    -- what stands on one of these days
    SELECT
        s.subject_group,
        s.subject_key,
        s.source_id,
        s.record_id,
        s.subject_on
    FROM audit.subject AS s
    SEMI JOIN day AS d ON s.subject_on = d.subject_on
    WHERE s.subject_group != 'patient'
),

owned AS (
    SELECT
        t.*,
        COALESCE(
            i.patient_key, d.patient_key, a.patient_key, v.patient_key, o.patient_key
        ) AS patient_key
    FROM thing AS t
    LEFT JOIN derived.infusion AS i ON t.subject_group = 'bag' AND t.subject_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON t.subject_group = 'dispensing' AND t.subject_key = d.dispensing_key
    LEFT JOIN staged.authorisation AS a
        ON t.subject_group = 'authorisation' AND t.subject_key = a.authorisation_key
    LEFT JOIN staged.vaccination AS v
        ON t.subject_group = 'vaccination' AND t.subject_key = v.vaccination_key
    LEFT JOIN staged.outcome_review AS o
        ON t.subject_group = 'outcome_review' AND t.subject_key = o.outcome_review_key
),

named AS (
    SELECT
        o.subject_group,
        o.subject_key,
        o.subject_on,
        o.patient_key,
        CONCAT_WS(':', o.source_id, p.patient_id, o.record_id) AS subject_id
    FROM owned AS o
    INNER JOIN staged.patient AS p ON o.patient_key = p.patient_key
    UNION ALL
    SELECT
        'patient' AS subject_group,
        patient_key AS subject_key,
        NULL AS subject_on,
        patient_key,
        CONCAT_WS(':', COALESCE(source_id, ''), patient_id) AS subject_id
    FROM staged.patient
    WHERE 'patient' IN (SELECT g.subject_kind FROM gone AS g)
),

found AS (
    SELECT
        g.finding_key,
        g.rule_key,
        g.subject_kind,
        n.subject_key,
        n.patient_key
    FROM gone AS g
    CROSS JOIN temp.finding_salt AS x
    INNER JOIN named AS n
        ON
            n.subject_group = CASE
                WHEN g.subject_kind IN ('course', 'session', 'infusion') THEN 'bag'
                ELSE g.subject_kind
            END
            AND (g.subject_on = n.subject_on OR (g.subject_on IS NULL AND n.subject_on IS NULL))
            AND g.finding_key
            = LEFT(SHA256(CONCAT_WS('|', x.salt, g.rule_id, g.subject_kind, n.subject_id)), 16)
    LEFT JOIN derived.course AS c ON g.subject_kind = 'course' AND n.subject_key = c.course_key
    LEFT JOIN derived.session AS s ON g.subject_kind = 'session' AND n.subject_key = s.session_key
    -- a bag that begins none any more is no course and no session
    WHERE
        (g.subject_kind != 'course' OR c.course_key IS NOT NULL)
        AND (g.subject_kind != 'session' OR s.session_key IS NOT NULL)
)

SELECT
    f.finding_key,
    ANY_VALUE(f.patient_key ORDER BY f.subject_key) AS patient_key,
    MIN(CAST(v.status AS VARCHAR)) AS status,
    MIN(CAST(v.reason AS VARCHAR)) AS reason
FROM found AS f
LEFT JOIN audit.verdict AS v
    ON
        f.rule_key = v.rule_key
        AND f.subject_key = v.subject_key
        AND f.subject_kind = CAST(v.subject_kind AS VARCHAR)
GROUP BY f.finding_key
