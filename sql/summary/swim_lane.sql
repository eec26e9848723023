-- One row per course, and per finding on a card, of the patients whose findings stand first in the
-- worklist, at most 6: when it was and how much was given, so that their treatment is seen at once.
WITH person AS (
    SELECT
        patient_key,
        ROW_NUMBER() OVER (ORDER BY MIN(card_number)) AS place
    FROM report.finding_card
    WHERE severity IN ('off_guideline', 'review')
    GROUP BY patient_key
    ORDER BY place
    LIMIT 6
)

SELECT
    p.place,
    p.patient_key,
    'course' AS lane,
    c.started_on AS from_on,
    c.last_on AS to_on,
    c.known_dose_g AS grams,
    c.indication_code,
    c.interval_days,
    NULL AS finding_key,
    NULL AS rule_id
FROM person AS p
INNER JOIN derived.course AS c ON p.patient_key = c.patient_key
UNION ALL
SELECT
    p.place,
    p.patient_key,
    CAST(k.severity AS VARCHAR) AS lane,
    k.started_on AS from_on,
    k.last_on AS to_on,
    k.grams,
    k.indication_code,
    NULL AS interval_days,
    k.finding_key,
    k.rule_id
FROM person AS p
INNER JOIN report.finding_card AS k ON p.patient_key = k.patient_key
WHERE k.started_on IS NOT NULL
