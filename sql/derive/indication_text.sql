-- One row per distinct text that stands for an indication in the records, with the indication
-- it means, if any. Spelling and blanks are forgiven, nothing else is guessed.
WITH recorded AS (
    SELECT indication_code AS indication_text
    FROM staged.infusion
    UNION ALL
    SELECT indication_code AS indication_text
    FROM staged.authorisation
    UNION ALL
    SELECT indication_code AS indication_text
    FROM staged.outcome_review
),

counted AS (
    SELECT
        indication_text,
        UPPER(REGEXP_REPLACE(TRIM(indication_text), '\s+', ' ', 'g')) AS spelling,
        COUNT(*) AS n
    FROM recorded
    WHERE indication_text IS NOT NULL
    GROUP BY indication_text
)

SELECT
    c.indication_text,
    COALESCE(i.indication_code, a.indication_code) AS indication_code,
    c.n
FROM counted AS c
LEFT JOIN guideline.indication AS i ON c.spelling = UPPER(i.indication_code)
LEFT JOIN guideline.indication_alias AS a ON c.spelling = UPPER(a.alias)
