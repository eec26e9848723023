-- One row per breach of another kind than a regimen that compares one number with its limit, or
-- has none to compare.
-- Days and hours print as they were counted; a medicine or a weight that was not found says where
-- it was looked for.
WITH breach AS (
    SELECT
        v.*,
        c.started_on,
        w.measured_on,
        m.medicine,
        c.started_on + m.from_days AS from_on,
        c.last_on + m.to_days AS to_on,
        v.observed > v.limit_high IS TRUE AS is_high,
        CASE v.unit WHEN 'days' THEN ' d' WHEN 'hours' THEN ' h' WHEN 'kg' THEN ' kg' END
            AS unit_text
    FROM audit.verdict AS v
    LEFT JOIN derived.course AS c ON v.course_key = c.course_key
    LEFT JOIN derived.course_weight AS w ON v.course_key = w.course_key
    LEFT JOIN guideline.concomitant AS m ON v.rule_key = m.rule_key
    WHERE
        v.status = 'breached'
        AND v.kind != 'regimen'
),

compared AS (
    -- the limits are those stored with the verdict, to three decimals
    SELECT
        *,
        IF(is_high, limit_high, limit_low) AS limit_passed,
        IF(is_high, observed - limit_high, limit_low - observed) AS beyond
    FROM breach
),

written AS (
    -- days are whole
    SELECT
        *,
        IF(unit = 'days', CAST(observed AS INTEGER) || '', observed || '') || unit_text
            AS observed_text,
        IF(unit = 'days', CAST(limit_passed AS INTEGER) || '', limit_passed || '') || unit_text
            AS limit_text,
        IF(unit = 'days', CAST(beyond AS INTEGER) || '', beyond || '') || unit_text AS miss_text
    FROM compared
)

SELECT
    rule_key,
    subject_kind,
    subject_key,
    CONCAT_WS(
        CHR(10),
        CASE
            WHEN kind = 'concomitant'
                THEN 'looked for ' || medicine || ' from ' || from_on || ' to ' || to_on
            WHEN kind = 'weight' AND unit = 'days'
                THEN
                    'age of the weight: ' || started_on || ' - ' || measured_on || ' = '
                    || observed_text
        END,
        IF(is_high, 'above the limit: ', 'below the limit: ') || observed_text
        || IF(is_high, ' > ', ' < ') || limit_text,
        'miss: ' || IF(is_high, observed_text, limit_text) || ' - '
        || IF(is_high, limit_text, observed_text) || ' = ' || miss_text
    ) AS arithmetic
FROM written
