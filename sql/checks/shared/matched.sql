-- One row per rule and course in the audited period whose indication, population and dates it
-- matches, also where it speaks of other products (`product_fit`); and one without a rule per
-- kind, published set and course of unknown indication.
-- The facts of the course stand beside it. `reason` says why the rule cannot be judged; NULL means
-- it can.
WITH met AS (
    SELECT
        c.*,
        s.kind,
        s.set_key,
        s.rule_key,
        s.product_fit,
        s.rule_key IS NULL AS is_indication_missing,
        s.course_phase != c.phase AS is_other_phase,
        (s.age_min_years IS NOT NULL OR s.age_max_years IS NOT NULL) AND c.age_years IS NULL
            AS is_age_missing,
        s.sex IS NOT NULL AND (c.sex IS NULL OR c.sex NOT IN ('F', 'M')) AS is_sex_missing,
        v.standing[s.rule_key] != '' AS is_version_unknown
    FROM derived.course AS c
    LEFT JOIN audit.course_version AS v ON c.course_key = v.course_key
    INNER JOIN audit.scope AS s
        ON
            c.indication_code IS NOT DISTINCT FROM s.indication_code
            AND c.product_id IS NOT DISTINCT FROM s.product_id
            -- in one, for the planner takes each further condition for a fifth
            AND CASE
                -- ages are half-open: 18 is not in 0 to 18
                WHEN c.age_years < s.age_min_years OR c.age_years >= s.age_max_years THEN FALSE
                WHEN c.sex IN ('F', 'M') AND c.sex != s.sex THEN FALSE
                -- the day of the infusion decides; where a set spares existing treatments, the
                -- version
                WHEN s.is_versioned THEN v.standing[s.rule_key] IS NOT NULL
                ELSE
                    (s.valid_from IS NULL OR c.started_on >= s.valid_from)
                    AND (s.valid_to IS NULL OR c.started_on <= s.valid_to)
            END
    WHERE c.is_in_period
)

SELECT
    * EXCLUDE ( -- noqa: AM04
        is_indication_missing, is_other_phase, is_age_missing, is_sex_missing,
        is_version_unknown
    ),
    CASE
        WHEN is_indication_missing THEN 'no_indication'
        -- an unknown phase is judged under every phase; its severity is capped
        WHEN is_other_phase THEN 'other_phase'
        WHEN is_age_missing OR is_sex_missing THEN 'population_unknown'
        WHEN is_version_unknown THEN 'version_unknown'
        WHEN product_fit = 'unknown' THEN 'product_unknown'
    END AS reason
FROM met
