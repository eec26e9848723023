-- One row per dispensing or infusion that is not half of a plain pair: the ledger line it stands in
-- and its grams there. A line has the site of its first dispensing; a record without a brand of its
-- own takes the line's. Waste that both sides of a line tell is counted on both where the line then
-- closes; else it is taken for the same waste, and `wasted_again_g` holds what is not counted.
WITH member AS (
    SELECT
        'dispensing' AS record,
        i.dispensing_key AS record_key,
        i.dispensing_key AS own_line_key,
        i.patient_key,
        i.dispensed_on AS entry_on,
        i.site_id,
        i.product_id,
        i.is_set_aside,
        i.dispensed_g,
        i.returned_g,
        i.wasted_g,
        NULL AS infused_g
    FROM temp.ledger_issue AS i
    UNION ALL
    SELECT
        'infusion' AS record,
        u.infusion_key AS record_key,
        COALESCE(u.dispensing_key, -u.infusion_key) AS own_line_key,
        u.patient_key,
        u.started_on AS entry_on,
        u.site_id,
        u.product_id,
        u.is_set_aside,
        NULL AS dispensed_g,
        NULL AS returned_g,
        u.wasted_g,
        u.infused_g
    FROM temp.ledger_use AS u
),

placed AS (
    SELECT
        m.*,
        COALESCE(f.line_key, m.own_line_key) AS line_key,
        f.is_ambiguous
    FROM member AS m
    LEFT JOIN temp.ledger_found AS f ON m.own_line_key = f.node_key
),

line AS (
    SELECT
        line_key,
        BOOL_AND(is_set_aside) AS is_set_aside,
        MIN(product_id) AS product_id,
        -- every dispensing before any infusion
        ARG_MIN(
            site_id, IF(record = 'dispensing', 0, 4294967296) + record_key
        ) FILTER (WHERE site_id IS NOT NULL) AS site_id,
        CASE
            WHEN BOOL_OR(is_ambiguous) THEN 'ambiguous'
            WHEN COUNT(is_ambiguous) > 0 THEN 'time'
            WHEN MIN(record) != MAX(record) THEN 'id'
        END AS matched_by,
        SUM(dispensed_g - returned_g) - SUM(infused_g) AS to_waste_g,
        SUM(wasted_g) FILTER (WHERE record = 'dispensing') AS issue_wasted_g,
        SUM(wasted_g) FILTER (WHERE record = 'infusion') AS use_wasted_g
    FROM placed
    GROUP BY line_key
),

told AS (
    SELECT
        *,
        CASE
            WHEN (issue_wasted_g > 0 AND use_wasted_g > 0) IS NOT TRUE THEN NULL
            WHEN to_waste_g = issue_wasted_g + use_wasted_g THEN NULL
            WHEN to_waste_g = issue_wasted_g THEN 'infusion'
            WHEN to_waste_g = use_wasted_g THEN 'dispensing'
            WHEN use_wasted_g > issue_wasted_g THEN 'dispensing'
            ELSE 'infusion'
        END AS repeated_by
    FROM line
)

SELECT
    m.record,
    m.record_key,
    m.line_key,
    m.patient_key,
    m.entry_on,
    (m.entry_on < p.from_on) IS NOT TRUE AND (m.entry_on > p.to_on) IS NOT TRUE AS is_in_period,
    t.site_id,
    COALESCE(m.product_id, t.product_id) AS product_id,
    t.is_set_aside,
    t.matched_by,
    CAST(m.dispensed_g AS DECIMAL(9, 3)) AS dispensed_g,
    CAST(m.returned_g AS DECIMAL(9, 3)) AS returned_g,
    CAST(IF(m.record IS NOT DISTINCT FROM t.repeated_by, 0, m.wasted_g) AS DECIMAL(12, 3))
        AS wasted_g,
    CAST(IF(m.record IS NOT DISTINCT FROM t.repeated_by, m.wasted_g, 0) AS DECIMAL(12, 3))
        AS wasted_again_g,
    CAST(m.infused_g AS DECIMAL(9, 3)) AS infused_g
FROM placed AS m
CROSS JOIN guideline.policy AS p
INNER JOIN told AS t ON m.line_key = t.line_key
