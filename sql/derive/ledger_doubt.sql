-- One row per line whose grams do not close, or whose partners are ambiguous: the difference, and
-- why it may be no break. Some grams are unknown; a row of the other kind is in quarantine, by its
-- id or near in time; or the other kind is not complete for all the days it could lie on.
WITH line AS (
    SELECT
        line_key,
        MIN(patient_key) AS patient_key,
        MIN(site_id) AS site_id,
        SUM(balance_g) AS rest_g,
        MAX(last_dispensing_key) AS dispensing_key,
        MIN(first_issued_on) AS first_issued_on,
        MAX(last_issued_on) AS last_issued_on,
        MIN(first_infused_on) AS first_infused_on,
        MAX(last_infused_on) AS last_infused_on,
        BOOL_OR(is_infused) AS is_infused,
        BOOL_OR(has_silent) AS has_silent,
        BOOL_OR(is_ambiguous) AS is_ambiguous
    FROM temp.ledger_balance
    GROUP BY line_key
    HAVING BOOL_OR(balance_g != 0) OR BOOL_OR(is_ambiguous)
),

uncertain AS (
    SELECT DISTINCT a.line_key
    FROM derived.ledger_apart AS a
    SEMI JOIN line AS l ON a.line_key = l.line_key
    INNER JOIN derived.infusion AS i ON a.record_key = i.infusion_key
    WHERE a.record = 'infusion' AND i.record = 'infusion' AND i.is_dose_uncertain
),

at_home AS (
    SELECT DISTINCT patient_key
    FROM staged.infusion
    WHERE care_setting = 'home'
),

kept_out AS (
    SELECT DISTINCT
        'infusion' AS record,
        a.patient_key,
        q.on_date,
        NULLIF(TRIM(JSON_EXTRACT_STRING(q.row_json, '$.dispensing_id')), '') AS dispensing_id
    FROM quarantine.infusion AS q
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
    UNION
    SELECT DISTINCT
        'dispensing' AS record,
        a.patient_key,
        q.on_date,
        NULLIF(TRIM(JSON_EXTRACT_STRING(q.row_json, '$.dispensing_id')), '') AS dispensing_id
    FROM quarantine.dispensing AS q
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
),

-- an id says which dispensing a quarantined infusion came from; without one any near it may be
infusion_missed AS (
    SELECT DISTINCT l.line_key
    FROM line AS l
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.ledger_apart AS a ON l.line_key = a.line_key AND a.record = 'dispensing'
    INNER JOIN staged.dispensing AS d ON a.record_key = d.dispensing_key
    INNER JOIN kept_out AS q
        ON
            l.patient_key = q.patient_key
            AND q.record = 'infusion'
            AND (
                d.dispensing_id = q.dispensing_id
                OR (
                    q.dispensing_id IS NULL
                    AND (
                        q.on_date IS NULL
                        OR (
                            q.on_date >= d.dispensed_on - p.ledger_late_days
                            AND q.on_date <= d.dispensed_on + p.ledger_days
                        )
                    )
                )
            )
    WHERE l.rest_g > 0
),

dispensing_missed AS (
    SELECT DISTINCT l.line_key
    FROM line AS l
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.ledger_apart AS a ON l.line_key = a.line_key AND a.record = 'infusion'
    INNER JOIN staged.infusion AS i ON a.record_key = i.infusion_key
    INNER JOIN kept_out AS q
        ON
            l.patient_key = q.patient_key
            AND q.record = 'dispensing'
            AND (
                i.dispensing_id = q.dispensing_id
                OR (
                    (i.dispensing_id IS NULL OR q.dispensing_id IS NULL)
                    AND (
                        q.on_date IS NULL
                        OR (
                            q.on_date >= i.started_on - p.ledger_days
                            AND q.on_date <= i.started_on + p.ledger_late_days
                        )
                    )
                )
            )
    WHERE l.rest_g < 0
)

SELECT
    l.line_key,
    CAST(l.rest_g AS DECIMAL(12, 3)) AS rest_g,
    l.first_issued_on IS NOT NULL AS is_issued,
    l.is_infused,
    CASE
        WHEN l.is_ambiguous THEN 'ambiguous_match'
        -- more than was issued is too much, whatever else was infused
        WHEN (l.has_silent AND l.rest_g > 0) OR u.line_key IS NOT NULL THEN 'grams_unknown'
        WHEN im.line_key IS NOT NULL OR dm.line_key IS NOT NULL THEN 'quarantined_row'
        WHEN
            l.rest_g > 0
            AND (
                ci.covered_from_on <= l.first_issued_on - p.ledger_late_days
                AND ci.covered_to_on
                >= l.last_issued_on
                + IF(h.patient_key IS NULL, p.ledger_days, p.ledger_days_home)
            ) IS NOT TRUE
            THEN 'outside_period'
        WHEN
            l.rest_g < 0
            AND (
                cd.covered_from_on
                <= l.first_infused_on
                - IF(h.patient_key IS NULL, p.ledger_days, p.ledger_days_home)
                AND cd.covered_to_on >= l.last_infused_on + p.ledger_late_days
            ) IS NOT TRUE
            THEN 'outside_period'
    END AS doubt
FROM line AS l
CROSS JOIN guideline.policy AS p
LEFT JOIN uncertain AS u ON l.line_key = u.line_key
LEFT JOIN infusion_missed AS im ON l.line_key = im.line_key
LEFT JOIN dispensing_missed AS dm ON l.line_key = dm.line_key
LEFT JOIN at_home AS h ON l.patient_key = h.patient_key
LEFT JOIN temp.ledger_coverage AS ci
    ON ci.record = 'infusion' AND l.site_id IS NOT DISTINCT FROM ci.site_id
LEFT JOIN temp.ledger_coverage AS cd
    ON cd.record = 'dispensing' AND l.site_id IS NOT DISTINCT FROM cd.site_id
