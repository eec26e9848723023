-- One row per line of the ledger, that is no plain pair, and product in it: what was issued and
-- neither came back, was discarded nor infused. Below 0, more was infused than issued. Lines that
-- stand aside are not balanced: what is given under the skin is mostly given at home, where nobody
-- writes it down.
SELECT
    line_key,
    product_id,
    MIN(patient_key) AS patient_key,
    MIN(site_id) AS site_id,
    CAST(
        SUM(
            CASE record
                WHEN 'dispensing' THEN dispensed_g - returned_g - wasted_g
                -- an unknown dose adds nothing here; the line then says that it is unknown
                WHEN 'infusion' THEN IF(infused_g IS NULL, 0, -infused_g) - wasted_g
            END
        ) AS DECIMAL(12, 3)
    ) AS balance_g,
    ARG_MAX(record_key, (entry_on, record_key)) FILTER (WHERE record = 'dispensing')
        AS last_dispensing_key,
    ARG_MAX(record_key, (entry_on, record_key)) FILTER (WHERE record = 'infusion')
        AS last_infusion_key,
    MIN(entry_on) FILTER (WHERE record = 'dispensing') AS first_issued_on,
    MAX(entry_on) FILTER (WHERE record = 'dispensing') AS last_issued_on,
    MIN(entry_on) FILTER (WHERE record = 'infusion') AS first_infused_on,
    MAX(entry_on) FILTER (WHERE record = 'infusion') AS last_infused_on,
    BOOL_OR(infused_g > 0) IS TRUE AS is_infused,
    BOOL_OR(record = 'infusion' AND infused_g IS NULL) AS has_silent,
    BOOL_OR(matched_by = 'ambiguous') IS TRUE AS is_ambiguous
FROM derived.ledger_apart
WHERE NOT is_set_aside
GROUP BY line_key, product_id
