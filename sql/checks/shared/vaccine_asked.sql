-- One row per vaccine rule and vaccination of the period that it could speak of: a live vaccine
-- with one of its components, a live one that waits for nothing, or a code nobody can read.
SELECT
    r.rule_key,
    r.set_key,
    g.vaccination_key,
    g.patient_key,
    g.given_on,
    g.reading,
    LIST(c.component ORDER BY c.component) FILTER (
        WHERE LIST_CONTAINS(g.components, c.component)
    ) AS components
FROM guideline.rule AS r
INNER JOIN guideline.vaccine_component AS c ON r.rule_key = c.rule_key
CROSS JOIN guideline.policy AS p
CROSS JOIN audit.vaccine_given AS g
WHERE
    g.reading IS NOT NULL
    AND (g.given_on < p.from_on) IS NOT TRUE
    AND (g.given_on > LEAST(p.to_on, p.as_of)) IS NOT TRUE
    AND (g.given_on < r.valid_from) IS NOT TRUE
    AND (g.given_on > r.valid_to) IS NOT TRUE
GROUP BY
    r.rule_key,
    r.set_key,
    g.vaccination_key,
    g.patient_key,
    g.given_on,
    g.reading
HAVING g.reading != 'live' OR BOOL_OR(LIST_CONTAINS(g.components, c.component))
