-- One row per finding of this run or of the one before that is not the same in both. Where the
-- program, the rule or a setting is another one, that is told as the cause, and nothing is called
-- resolved. A finding of a rule that is only counted is in neither list.
-- `change`: new worsened eased altered resolved gone. `cause`: program reading settings rule_new
-- rule_gone rule_changed outside_period; other_rules (its own rule is the same, but another one,
-- which may soften it, is not); later (its day came since), records (its day was judged
-- before: records came late, were corrected, or a course closed); of those gone met
-- not_assessable not_asked record_gone.
WITH rule_now AS (
    SELECT
        name AS rule_id,
        digest
    FROM audit.rule_digest
    WHERE part = 'rule'
),

rule_cause AS (
    SELECT
        COALESCE(n.rule_id, b.rule_id) AS rule_id,
        CASE
            WHEN h.cause IN ('program', 'reading') THEN h.cause
            WHEN b.rule_id IS NULL THEN 'rule_new'
            WHEN n.rule_id IS NULL THEN 'rule_gone'
            WHEN n.digest != b.digest THEN 'rule_changed'
            ELSE h.cause
        END AS cause
    FROM rule_now AS n
    FULL JOIN temp.rule_before AS b ON n.rule_id = b.rule_id
    CROSS JOIN audit.history_before AS h
),

other_rule AS (
    -- that rules came, went or changed: what one rule calls met may soften another one's finding
    SELECT COUNT(*) > 0 AS is_there
    FROM rule_cause
    WHERE cause IN ('rule_new', 'rule_gone', 'rule_changed')
),

now AS (
    SELECT
        f.*,
        s.is_house
    FROM audit.finding AS f
    INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key AND r.is_counted_only IS NOT TRUE
    INNER JOIN guideline.guideline_set AS s ON f.set_key = s.set_key
),

before AS (
    SELECT b.*
    FROM temp.finding_before AS b
    LEFT JOIN guideline.rule AS r ON b.rule_id = r.rule_id
    WHERE NOT b.is_counted_only AND r.is_counted_only IS NOT TRUE
),

kept AS (
    SELECT
        n.finding_key,
        CASE
            WHEN w.place < v.place THEN 'worsened'
            WHEN w.place > v.place THEN 'eased'
            WHEN
                CAST(n.clause AS VARCHAR) = b.clause
                AND CAST(n.unit AS VARCHAR) = b.unit
                AND n.miss > b.miss
                THEN 'worsened'
            WHEN
                CAST(n.clause AS VARCHAR) = b.clause
                AND CAST(n.unit AS VARCHAR) = b.unit
                AND n.miss < b.miss
                THEN 'eased'
            ELSE 'altered'
        END AS change, -- the word a reader expects -- noqa: RF04
        CASE
            WHEN c.cause IS NOT NULL THEN c.cause
            WHEN
                o.is_there
                AND (w.place != v.place OR n.miss = b.miss OR n.miss IS NULL OR b.miss IS NULL)
                THEN 'other_rules'
            ELSE 'records'
        END AS cause,
        CAST(n.severity AS VARCHAR) AS severity,
        b.severity AS severity_before,
        n.miss,
        b.miss AS miss_before,
        CAST(n.unit AS VARCHAR) AS unit,
        n.set_id,
        n.rule_id,
        n.subject_on,
        n.patient_key,
        NULL AS reason
    FROM now AS n
    INNER JOIN before AS b ON n.finding_key = b.finding_key AND n.facts_digest != b.facts_digest
    INNER JOIN (
        VALUES ('off_guideline', 1), ('review', 2), ('advisory', 3)
    ) AS w (severity, place) ON CAST(n.severity AS VARCHAR) = w.severity
    INNER JOIN (
        VALUES ('off_guideline', 1), ('review', 2), ('advisory', 3)
    ) AS v (severity, place) ON b.severity = v.severity
    LEFT JOIN rule_cause AS c ON n.rule_id = c.rule_id
    CROSS JOIN other_rule AS o
),

fresh AS (
    SELECT
        n.finding_key,
        'new' AS change, -- noqa: RF04
        CASE
            WHEN c.cause IS NOT NULL THEN c.cause
            WHEN n.subject_on > h.to_on THEN 'later'
            WHEN n.subject_on < h.from_on THEN 'outside_period'
            ELSE 'records'
        END AS cause,
        CAST(n.severity AS VARCHAR) AS severity,
        NULL AS severity_before,
        n.miss,
        NULL AS miss_before,
        CAST(n.unit AS VARCHAR) AS unit,
        n.set_id,
        n.rule_id,
        n.subject_on,
        n.patient_key,
        NULL AS reason
    FROM now AS n
    INNER JOIN audit.history_before AS h ON h.obstacle IS NULL
    ANTI JOIN before AS b ON n.finding_key = b.finding_key
    LEFT JOIN rule_cause AS c ON n.rule_id = c.rule_id
),

ceased AS (
    SELECT
        b.finding_key,
        CASE
            WHEN c.cause IS NOT NULL THEN c.cause
            WHEN t.status IN ('met', 'not_assessable') THEN t.status
            WHEN b.subject_on > COALESCE(p.to_on, p.as_of) OR b.subject_on < p.from_on
                THEN 'outside_period'
            WHEN t.finding_key IS NULL THEN 'record_gone'
            ELSE 'not_asked'
        END AS cause,
        b.severity AS severity_before,
        b.miss AS miss_before,
        b.unit,
        b.set_id,
        b.rule_id,
        b.subject_on,
        t.patient_key,
        t.reason
    FROM before AS b
    CROSS JOIN guideline.policy AS p
    ANTI JOIN now AS n ON b.finding_key = n.finding_key
    LEFT JOIN temp.finding_now AS t ON b.finding_key = t.finding_key
    LEFT JOIN rule_cause AS c ON b.rule_id = c.rule_id
    CROSS JOIN temp.list_before AS l
    -- of somebody who has opted out since nothing is told any more, not even that it is gone
    WHERE NOT l.is_other OR t.finding_key IS NOT NULL
)

-- the columns go by name: of what is gone some are missing
SELECT * FROM kept -- noqa: AM07
UNION ALL BY NAME
SELECT * FROM fresh
UNION ALL BY NAME
SELECT
    *,
    IF(cause = 'met', 'resolved', 'gone') AS change -- noqa: RF04
FROM ceased
