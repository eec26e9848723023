-- One row per kind, set, course in the audited period and rule that could apply to it: its
-- indication, population and dates match. The rule is NULL where the set has none.
-- `reason` says why a rule cannot be judged; NULL means it can.
WITH asking AS (
    SELECT DISTINCT
        kind,
        set_key,
        is_house
    FROM audit.scope
),

matched AS (
    SELECT
        a.kind,
        a.set_key,
        s.rule_key,
        c.course_key,
        c.patient_key,
        c.indication_code,
        s.course_phase,
        c.phase,
        (s.age_min_years IS NOT NULL OR s.age_max_years IS NOT NULL) AND c.age_years IS NULL
            AS is_age_missing,
        s.sex IS NOT NULL AND (c.sex IS NULL OR c.sex NOT IN ('F', 'M')) AS is_sex_missing,
        v.standing[s.rule_key] != '' AS is_version_unknown
    FROM asking AS a
    CROSS JOIN derived.course AS c
    LEFT JOIN audit.course_version AS v ON c.course_key = v.course_key
    LEFT JOIN audit.scope AS s
        ON
            a.kind = s.kind
            AND a.set_key = s.set_key
            AND c.indication_code IS NOT DISTINCT FROM s.indication_code
            -- ages are half-open: 18 is not in 0 to 18
            AND (s.age_min_years IS NULL OR c.age_years IS NULL OR c.age_years >= s.age_min_years)
            AND (s.age_max_years IS NULL OR c.age_years IS NULL OR c.age_years < s.age_max_years)
            AND (s.sex IS NULL OR c.sex IS NULL OR c.sex NOT IN ('F', 'M') OR c.sex = s.sex)
            -- the day of the infusion decides; where a set spares existing treatments, the version
            AND CASE
                WHEN s.is_versioned THEN v.standing[s.rule_key] IS NOT NULL
                ELSE
                    (s.valid_from IS NULL OR c.started_on >= s.valid_from)
                    AND (s.valid_to IS NULL OR c.started_on <= s.valid_to)
            END
    -- our own house set asks of every course it can; where it cannot, it is silent
    WHERE c.is_in_period AND (s.rule_key IS NOT NULL OR NOT a.is_house)
)

SELECT
    kind,
    set_key,
    rule_key,
    course_key,
    patient_key,
    CASE
        WHEN rule_key IS NULL AND indication_code IS NULL THEN 'no_indication'
        WHEN rule_key IS NULL THEN 'set_has_no_rule'
        WHEN is_age_missing OR is_sex_missing THEN 'population_unknown'
        WHEN is_version_unknown THEN 'version_unknown'
        -- an unknown phase is judged under every phase; its severity is capped
        WHEN course_phase != phase THEN 'other_phase'
    END AS reason
FROM matched
