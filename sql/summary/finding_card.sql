-- One row per finding that the page opens as a card, in the order of the worklist:
-- off guideline, then review, then advisory; in each the most grams first. Those of a rule that is
-- only counted stand in its chapter.
WITH subject AS (
    SELECT
        f.finding_key,
        f.rule_key,
        f.patient_key,
        f.subject_kind,
        f.severity,
        f.course_key,
        f.subject_on,
        CASE f.subject_kind
            WHEN 'session' THEN s.known_dose_g
            WHEN 'infusion' THEN i.dose_g
            WHEN 'dispensing' THEN d.dose_g
        END AS subject_dose_g
    FROM audit.finding AS f
    INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key AND r.is_counted_only IS NOT TRUE
    LEFT JOIN derived.session AS s ON f.subject_kind = 'session' AND f.subject_key = s.session_key
    LEFT JOIN derived.infusion AS i
        ON f.subject_kind = 'infusion' AND f.subject_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON f.subject_kind = 'dispensing' AND f.subject_key = d.dispensing_key
),

ranked AS (
    SELECT
        s.finding_key,
        s.course_key,
        COALESCE(s.subject_on, c.started_on) AS started_on,
        CASE WHEN s.subject_kind = 'course' THEN c.last_on END AS last_on,
        CASE WHEN s.subject_kind = 'course' THEN c.known_dose_g ELSE s.subject_dose_g END AS grams,
        ROW_NUMBER() OVER (
            ORDER BY
                CASE s.severity
                    WHEN 'off_guideline' THEN 1
                    WHEN 'review' THEN 2
                    ELSE 3
                END,
                CASE
                    WHEN s.subject_kind = 'course' THEN c.known_dose_g
                    ELSE s.subject_dose_g
                END DESC NULLS LAST,
                s.finding_key
        ) AS card_number
    FROM subject AS s
    LEFT JOIN derived.course AS c ON s.course_key = c.course_key
)

SELECT
    k.card_number,
    f.finding_key,
    f.facts_digest,
    f.patient_key,
    f.subject_kind,
    f.severity,
    r.rule_key,
    r.rule_id,
    r.kind,
    r.severity AS rule_severity,
    r.condition,
    g.set_id,
    g.is_house,
    k.started_on,
    k.last_on,
    k.grams,
    f.clause,
    f.observed,
    f.limit_low,
    f.limit_high,
    f.tolerance,
    f.unit,
    f.miss,
    f.weight_basis,
    f.cap,
    f.reason,
    f.arithmetic,
    m.label AS regimen,
    c.indication_code,
    n.name AS indication,
    c.indication_source,
    c.phase,
    c.phase_source,
    c.n_sessions,
    c.n_days,
    c.interval_days,
    c.is_history_truncated,
    c.is_stopped,
    c.site_id,
    r.weight_policy,
    d.weight_kg,
    d.literal_kg,
    d.weight_basis AS weight_basis_used,
    w.measured_on,
    w.age_days,
    w.weight_record,
    w.is_stale
FROM ranked AS k
INNER JOIN audit.finding AS f ON k.finding_key = f.finding_key
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON f.set_key = g.set_key
CROSS JOIN temp.worklist_limit AS x
LEFT JOIN derived.course AS c ON k.course_key = c.course_key
LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
LEFT JOIN guideline.regimen AS m ON f.regimen_key = m.regimen_key
LEFT JOIN derived.course_weight AS w ON k.course_key = w.course_key
LEFT JOIN derived.dosing_weight AS d
    ON
        k.course_key = d.course_key
        AND r.weight_policy = d.weight_policy
        AND d.role = 'policy'
WHERE k.card_number <= x.max_cards
