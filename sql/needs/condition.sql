-- One row per rule and condition that holds of it, on which it depends what the rule needs to know.
-- The names are those of `holds_where` in the list of needs.
SELECT DISTINCT
    rule_key,
    'by_indication' AS condition
FROM guideline.rule_indication
WHERE indication_code <> 'any'
UNION ALL
SELECT
    rule_key,
    'by_age' AS condition
FROM guideline.rule
WHERE age_min_years IS NOT NULL OR age_max_years IS NOT NULL
UNION ALL
SELECT
    rule_key,
    'by_sex' AS condition
FROM guideline.rule
WHERE sex IS NOT NULL
UNION ALL
-- ideal and adjusted weights are worked out from height, sex and age
SELECT
    r.rule_key,
    'other_weight' AS condition
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
INNER JOIN guideline.weight_policy AS w ON r.weight_policy = w.weight_policy
WHERE w.adult_rule <> 'actual' OR w.child_rule <> 'actual'
UNION ALL
SELECT
    rule_key,
    'by_event' AS condition
FROM guideline.regimen
GROUP BY rule_key
HAVING BOOL_AND(after_event IS NOT NULL OR from_event IS NOT NULL)
UNION ALL
SELECT
    rule_key,
    'high_dose' AS condition
FROM guideline.monitoring
WHERE dose_from_g_per_kg IS NOT NULL
UNION ALL
SELECT
    rule_key,
    'by_blood_group' AS condition
FROM guideline.monitoring
WHERE has_group
UNION ALL
SELECT
    rule_key,
    'by_risk' AS condition
FROM guideline.monitoring
WHERE has_risk
UNION ALL
SELECT
    rule_key,
    'by_prescription' AS condition
FROM guideline.rounding_rule
WHERE rounding <> 'whole_vials'
UNION ALL
SELECT
    rule_key,
    'at_' || place AS condition
FROM guideline.lot_rule
UNION ALL
-- whether two records agree on the lot asks both of them
SELECT
    rule_key,
    'at_dispensing' AS condition
FROM guideline.lot_rule
WHERE problem = 'lot_differs' AND place <> 'dispensing'
UNION ALL
SELECT
    rule_key,
    problem || '_at_' || place AS condition
FROM guideline.lot_rule
UNION ALL
-- that there is no weight can be said without one
SELECT
    rule_key,
    'by_known_weight' AS condition
FROM guideline.weight_limit
WHERE problem <> 'missing'
UNION ALL
SELECT
    rule_key,
    'by_approved_dose' AS condition
FROM guideline.approval
WHERE approval = 'dose_kept'
