-- One row per course for which more than dates decides which version of a rule is in force, with
-- the versions that hold: `standing` maps the rule to '' or to why that cannot be known.
-- A rule that `applies_to` new treatments leaves those begun earlier under the version it
-- supersedes, also after that one's last day. `next_review` moves them to the new version with the
-- first request or review from its first day on; that there was none needs proof.
WITH RECURSIVE follower AS (
    SELECT
        o.rule_key,
        n.rule_key AS later_key,
        TRUE AS is_next
    FROM guideline.rule AS o
    INNER JOIN guideline.rule AS n ON o.rule_id = n.supersedes
    UNION
    SELECT
        f.rule_key,
        n.rule_key AS later_key,
        FALSE AS is_next
    FROM follower AS f
    INNER JOIN guideline.rule AS m ON f.later_key = m.rule_key
    INNER JOIN guideline.rule AS n ON m.rule_id = n.supersedes
),

begun AS (
    -- the versions whose first day is not after the course's; from before all records without one
    SELECT
        s.rule_key,
        c.course_key,
        c.patient_key,
        c.indication_code,
        c.site_id,
        c.started_on,
        c.treatment_started_on < s.valid_from AS is_older_treatment,
        c.is_treatment_start_known,
        s.valid_from,
        s.valid_to,
        r.applies_to,
        r.phase,
        s.course_phase IS NULL OR c.phase IS NULL OR s.course_phase = c.phase AS is_of_phase
    FROM audit.scope AS s
    INNER JOIN guideline.rule AS r ON s.rule_key = r.rule_key
    INNER JOIN derived.course AS c
        ON
            c.indication_code IS NOT DISTINCT FROM s.indication_code
            AND c.product_id IS NOT DISTINCT FROM s.product_id
            AND (s.age_min_years IS NULL OR c.age_years IS NULL OR s.age_min_years <= c.age_years)
            AND (s.age_max_years IS NULL OR c.age_years IS NULL OR s.age_max_years > c.age_years)
            AND (s.sex IS NULL OR c.sex IS NULL OR c.sex NOT IN ('F', 'M') OR s.sex = c.sex)
    WHERE
        s.is_versioned
        AND c.is_in_period
        AND (s.valid_from IS NULL OR c.started_on >= s.valid_from)
),

request AS (
    SELECT
        a.patient_key,
        COALESCE(l.indication_code, a.indication_code) AS indication_code,
        COALESCE(a.requested_on, a.decided_on, a.valid_from) AS asked_on,
        TRUE AS is_authorisation
    FROM staged.authorisation AS a
    LEFT JOIN guideline.indication_alias AS l ON UPPER(a.indication_code) = UPPER(l.alias)
    UNION ALL
    SELECT
        o.patient_key,
        COALESCE(l.indication_code, o.indication_code) AS indication_code,
        o.reviewed_on AS asked_on,
        FALSE AS is_authorisation
    FROM staged.outcome_review AS o
    LEFT JOIN guideline.indication_alias AS l ON UPPER(o.indication_code) = UPPER(l.alias)
),

reviewed AS (
    -- what the records hold of requests and reviews of an older treatment
    SELECT
        b.rule_key,
        b.course_key,
        BOOL_OR(
            r.asked_on >= b.valid_from
            AND r.asked_on <= b.started_on
            AND r.indication_code = b.indication_code
        ) AS is_moved,
        BOOL_OR(
            r.asked_on >= b.valid_from
            AND r.asked_on <= b.started_on
            AND r.indication_code IS NULL
        ) AS is_moved_perhaps,
        BOOL_OR(r.is_authorisation) AS has_request
    FROM begun AS b
    INNER JOIN request AS r ON b.patient_key = r.patient_key
    WHERE b.applies_to = 'next_review'
    GROUP BY b.rule_key, b.course_key
),

proven AS (
    -- requests are complete from the version's first day to the course
    SELECT DISTINCT
        b.rule_key,
        b.course_key
    FROM begun AS b
    INNER JOIN staged.coverage AS v
        ON
            (v.site_id IS NULL OR b.site_id = v.site_id)
            AND b.valid_from >= v.from_on
            AND b.started_on <= v.to_on
    WHERE b.applies_to = 'next_review' AND v.record = 'authorisation'
),

supplied AS (
    SELECT COUNT(*) > 0 AS has_requests
    FROM audit.record_supplied
    WHERE record = 'authorisation'
),

admitted AS (
    -- '' admits the course, NULL leaves it to the older version
    SELECT
        b.*,
        CASE
            WHEN b.applies_to = 'all' THEN ''
            WHEN NOT b.is_older_treatment AND b.is_treatment_start_known THEN ''
            WHEN r.is_moved THEN ''
            WHEN b.is_older_treatment IS NOT TRUE THEN 'treatment_start_unknown'
            WHEN b.applies_to = 'new' THEN NULL
            WHEN NOT s.has_requests THEN 'table_not_supplied'
            WHEN r.is_moved_perhaps THEN 'no_indication'
            WHEN p.rule_key IS NULL OR r.has_request IS NOT TRUE THEN 'outside_coverage'
        END AS standing
    FROM begun AS b
    CROSS JOIN supplied AS s
    LEFT JOIN reviewed AS r ON b.rule_key = r.rule_key AND b.course_key = r.course_key
    LEFT JOIN proven AS p ON b.rule_key = p.rule_key AND b.course_key = p.course_key
),

succeeded AS (
    -- whether a later version has taken over, and whether the next one has begun without it
    SELECT
        a.rule_key,
        a.course_key,
        BOOL_OR(l.standing IS NOT NULL) AS is_displaced,
        BOOL_OR(f.is_next) AS is_prolonged
    FROM admitted AS a
    INNER JOIN follower AS f ON a.rule_key = f.rule_key
    INNER JOIN admitted AS l ON f.later_key = l.rule_key AND a.course_key = l.course_key
    WHERE l.is_of_phase OR l.phase = a.phase
    GROUP BY a.rule_key, a.course_key
)

SELECT
    a.course_key,
    MAP_FROM_ENTRIES(LIST(ROW(a.rule_key, a.standing) ORDER BY a.rule_key)) AS standing
FROM admitted AS a
LEFT JOIN succeeded AS s ON a.rule_key = s.rule_key AND a.course_key = s.course_key
WHERE
    a.standing IS NOT NULL
    AND s.is_displaced IS NOT TRUE
    AND (a.valid_to IS NULL OR a.started_on <= a.valid_to OR s.is_prolonged)
GROUP BY a.course_key
