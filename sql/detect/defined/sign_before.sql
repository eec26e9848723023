-- One row per signal that would not meet its definition without signs that were there before the
-- exposure. A sign was there when the last value that could be read, of the hours before the
-- exposure in which a baseline is sought, had it for certain. No published definition asks this:
-- the signal keeps its answer, and is listed and not counted.
WITH sign AS (
    SELECT
        a.criterion_key,
        a.definition_id,
        a.group_number,
        a.subject_kind,
        a.subject_key,
        c.analyte,
        c.measure,
        c.comparison,
        c.exact_limit,
        c.look_back_hours
    FROM temp.criterion_answer AS a
    INNER JOIN guideline.definition_criterion AS c ON a.criterion_key = c.criterion_key
    INNER JOIN temp.definition_answer AS d
        ON
            a.definition_id = d.definition_id
            AND a.subject_kind = d.subject_kind
            AND a.subject_key = d.subject_key
    WHERE c.must_be_new AND a.is_certain AND d.status = 'met'
),

earlier AS (
    SELECT
        s.criterion_key,
        s.definition_id,
        s.group_number,
        s.subject_kind,
        s.subject_key,
        COALESCE(CASE
            WHEN s.measure = 'positive' THEN r.finding = 'positive'
            WHEN s.comparison = 'at_least' THEN r.at_least >= s.exact_limit
            WHEN s.comparison = 'more_than' THEN r.at_least > s.exact_limit
            WHEN s.comparison = 'at_most' THEN r.at_most <= s.exact_limit
            WHEN s.comparison = 'below' THEN r.at_most < s.exact_limit
        END, FALSE) AS is_there
    FROM sign AS s
    INNER JOIN temp.exposure AS e
        ON s.subject_kind = e.subject_kind AND s.subject_key = e.subject_key
    INNER JOIN temp.sample AS r
        ON
            e.patient_key = r.patient_key
            AND s.analyte = r.analyte
            AND e.from_earliest - TO_HOURS(s.look_back_hours) <= r.taken_from
            AND e.from_earliest >= r.taken_to
    WHERE r.is_read AND (NOT r.is_timed OR r.taken_to < e.from_earliest)
    -- of several at the last hour each counts
    QUALIFY
        r.taken_from = MAX(r.taken_from)
            OVER (PARTITION BY s.criterion_key, s.subject_kind, s.subject_key)
),

there AS (
    SELECT DISTINCT
        criterion_key,
        definition_id,
        group_number,
        subject_kind,
        subject_key
    FROM earlier
    WHERE is_there
),

left_over AS (
    SELECT
        a.definition_id,
        a.group_number,
        a.subject_kind,
        a.subject_key,
        COUNT(*) AS n_new
    FROM temp.criterion_answer AS a
    ANTI JOIN there AS t
        ON
            a.criterion_key = t.criterion_key
            AND a.subject_kind = t.subject_kind
            AND a.subject_key = t.subject_key
    WHERE a.is_certain
    GROUP BY a.definition_id, a.group_number, a.subject_kind, a.subject_key
)

SELECT DISTINCT
    t.definition_id,
    t.subject_kind,
    t.subject_key
FROM there AS t
INNER JOIN guideline.definition_group AS g
    ON t.definition_id = g.definition_id AND t.group_number = g.group_number
LEFT JOIN left_over AS l
    ON
        t.definition_id = l.definition_id
        AND t.group_number = l.group_number
        AND t.subject_kind = l.subject_kind
        AND t.subject_key = l.subject_key
WHERE g.stage IS NULL AND (l.n_new IS NULL OR l.n_new < g.at_least)
