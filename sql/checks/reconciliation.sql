-- One row per reconciliation rule and line of the gram ledger in the period: a line that closes on
-- its first dispensing, one with breaks on each record a break is seen at, with the break that the
-- rule names first. Lines that stand aside are not asked. It never says more than review. What is
-- left of a stopped bag is looked for only where some record tells that anything was discarded.
WITH rule AS (
    SELECT
        rule_key,
        set_key,
        valid_from,
        valid_to
    FROM guideline.rule
    WHERE kind = 'reconciliation'
),

told AS (
    SELECT COUNT(*) > 0 AS is_waste_told
    FROM (
        SELECT wasted_g -- noqa: AM07
        FROM staged.dispensing
        UNION ALL
        SELECT wasted_g
        FROM staged.dispensing_lot
        UNION ALL
        SELECT wasted_g
        FROM staged.infusion_lot
    ) AS w
    WHERE w.wasted_g IS NOT NULL
),

-- the lines of which a rest was discarded and the source has no word for it
wasted AS (
    SELECT DISTINCT a.line_key
    FROM derived.ledger_apart AS a
    INNER JOIN staged.infusion AS i ON a.record = 'infusion' AND a.record_key = i.infusion_key
    CROSS JOIN told AS t
    WHERE i.status = 'stopped' AND NOT t.is_waste_told
),

-- our own tolerance†: the ledger counts a smaller difference, and nobody is asked about it
broken AS (
    SELECT
        r.rule_key,
        r.set_key,
        b.*,
        w.severity,
        w.place,
        CASE
            WHEN b.break IN ('grams_unknown', 'quarantined_row', 'outside_period')
                THEN 'not_assessable'
            WHEN b.grams > 0 AND x.line_key IS NOT NULL THEN 'not_assessable'
            WHEN w.break IS NULL THEN 'met'
            WHEN b.break = 'other_lot' THEN 'breached'
            WHEN ABS(b.grams) > p.ledger_tolerance_g THEN 'breached'
            ELSE 'met'
        END AS status,
        p.ledger_tolerance_g
    FROM derived.ledger_break AS b
    CROSS JOIN guideline.policy AS p
    INNER JOIN rule AS r
        ON
            (b.entry_on < r.valid_from) IS NOT TRUE
            AND (b.entry_on > r.valid_to) IS NOT TRUE
    LEFT JOIN guideline.ledger_break AS w ON r.rule_key = w.rule_key AND b.break = w.break
    LEFT JOIN wasted AS x ON b.line_key = x.line_key
    -- the dispensing of a product that another was given for is told with the infusion
    WHERE b.is_in_period AND NOT (b.break = 'other_product' AND b.grams > 0)
),

foremost AS (
    SELECT *
    FROM broken
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY rule_key, record, record_key
            ORDER BY
                CASE status WHEN 'breached' THEN 1 WHEN 'not_assessable' THEN 2 ELSE 3 END,
                place,
                break
        ) = 1
),

whole AS (
    SELECT
        r.rule_key,
        r.set_key,
        IF(l.line_key > 0, 'dispensing', 'infusion') AS record,
        ABS(l.line_key) AS record_key,
        l.patient_key,
        CASE l.state WHEN 'closed' THEN 'met' ELSE 'not_assessable' END AS status,
        CASE l.state
            WHEN 'table_not_supplied' THEN 'table_not_supplied'
            WHEN 'grams_unknown' THEN 'no_dose'
        END AS reason
    FROM derived.ledger_line AS l
    CROSS JOIN guideline.policy AS p
    INNER JOIN rule AS r
        ON
            (l.line_on < r.valid_from) IS NOT TRUE
            AND (l.line_on > r.valid_to) IS NOT TRUE
    ANTI JOIN derived.ledger_break AS b ON l.line_key = b.line_key
    WHERE
        l.state != 'set_aside'
        AND (l.line_on < p.from_on) IS NOT TRUE
        AND (l.line_on > p.to_on) IS NOT TRUE
),

line AS (
    SELECT
        line_key,
        CAST(SUM(dispensed_g) AS DECIMAL(12, 3)) AS dispensed_g,
        CAST(SUM(returned_g) AS DECIMAL(12, 3)) AS returned_g,
        CAST(SUM(wasted_g) AS DECIMAL(12, 3)) AS wasted_g,
        CAST(SUM(infused_g) AS DECIMAL(12, 3)) AS infused_g
    FROM derived.ledger_apart
    GROUP BY line_key
),

asked AS (
    SELECT
        f.*,
        i.course_key,
        IF(l.dispensed_g IS NULL, 0, l.dispensed_g) AS dispensed_g,
        IF(l.returned_g IS NULL, 0, l.returned_g) AS returned_g,
        IF(l.wasted_g IS NULL, 0, l.wasted_g) AS wasted_g,
        IF(l.infused_g IS NULL, 0, l.infused_g) AS infused_g
    FROM foremost AS f
    INNER JOIN line AS l ON f.line_key = l.line_key
    LEFT JOIN derived.infusion AS i ON f.record = i.record AND f.record_key = i.infusion_key
),

counted AS (
    SELECT
        *,
        CAST(dispensed_g - returned_g - wasted_g AS DECIMAL(12, 3)) AS kept_g,
        break NOT IN ('other_product', 'other_lot') AS is_difference
    FROM asked
),

cited AS (
    SELECT
        f.rule_key,
        f.record,
        f.record_key,
        LIST(
            {
                'record': a.record,
                'record_key': a.record_key,
                'role': CASE
                    WHEN a.record = f.record AND a.record_key = f.record_key THEN 'given'
                    WHEN a.record = 'dispensing' THEN 'issued'
                    WHEN a.record = 'infusion' THEN 'infused'
                END
            }
            ORDER BY a.record, a.record_key
        ) AS cites
    FROM counted AS f
    INNER JOIN derived.ledger_apart AS a ON f.line_key = a.line_key
    -- an infusion of a course is evidence of its own finding anyway
    WHERE (a.record = f.record AND a.record_key = f.record_key AND f.course_key > 0) IS NOT TRUE
    GROUP BY f.rule_key, f.record, f.record_key
)

SELECT -- what a line that closes lacks is NULL -- noqa: AM07
    c.rule_key,
    c.set_key,
    c.record AS subject_kind,
    c.record_key AS subject_key,
    c.course_key,
    c.patient_key,
    c.status,
    CASE
        WHEN c.status != 'not_assessable' THEN NULL
        WHEN c.break = 'grams_unknown' THEN 'no_dose'
        WHEN c.break = 'outside_period' THEN 'outside_coverage'
        WHEN c.break = 'quarantined_row' THEN 'quarantined_row'
        -- what is left of a stopped bag is discarded, and no record of the source says so
        ELSE 'stopped'
    END AS reason,
    COALESCE(c.severity, 'review') AS severity,
    IF(c.severity IS NULL, 'never_accuses', 'clause') AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    IF(c.status = 'breached', c.break, NULL) AS clause,
    IF(c.is_difference, c.infused_g, NULL) AS observed,
    IF(c.is_difference, c.kept_g, NULL) AS limit_low,
    IF(c.is_difference, c.kept_g, NULL) AS limit_high,
    IF(c.is_difference, c.ledger_tolerance_g, NULL) AS tolerance,
    IF(c.is_difference, 'g', NULL) AS unit,
    IF(c.is_difference, c.affected_g, NULL) AS miss,
    CASE
        WHEN c.break = 'other_product'
            THEN 'infused of another product than issued: ' || c.affected_g || ' g'
        WHEN c.break = 'other_lot'
            THEN 'infused of a lot that was not issued for it: ' || c.affected_g || ' g'
        ELSE
            CONCAT_WS(
                CHR(10),
                'issued, less what came back or was discarded: ' || c.dispensed_g || ' g - '
                || c.returned_g || ' g - ' || c.wasted_g || ' g = ' || c.kept_g || ' g',
                IF(
                    c.grams > 0,
                    'not accounted for: ' || c.kept_g || ' g - ' || c.infused_g || ' g = '
                    || (c.kept_g - c.infused_g) || ' g',
                    'infused and not issued: ' || c.infused_g || ' g - ' || c.kept_g || ' g = '
                    || (c.infused_g - c.kept_g) || ' g'
                ),
                'above the tolerance: ' || c.affected_g || ' g > ' || c.ledger_tolerance_g || ' g'
            )
    END AS workings,
    i.cites
FROM counted AS c
LEFT JOIN cited AS i
    ON c.rule_key = i.rule_key AND c.record = i.record AND c.record_key = i.record_key
UNION ALL BY NAME
SELECT
    rule_key,
    set_key,
    record AS subject_kind,
    record_key AS subject_key,
    patient_key,
    status,
    reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed
FROM whole
