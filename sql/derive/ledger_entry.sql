-- One row per dispensing or infusion in the records: the line of the gram ledger it stands in,
-- which is named by its first dispensing's key, or by minus its infusion's where it has none.
SELECT
    a.record,
    a.record_key,
    a.line_key
FROM derived.ledger_apart AS a
UNION ALL
SELECT
    'dispensing' AS record,
    d.dispensing_key AS record_key,
    d.dispensing_key AS line_key
FROM staged.dispensing AS d
ANTI JOIN derived.ledger_apart AS a
    ON d.dispensing_key = a.record_key AND a.record = 'dispensing'
UNION ALL
SELECT
    'infusion' AS record,
    i.infusion_key AS record_key,
    COALESCE(i.dispensing_key, -i.infusion_key) AS line_key
FROM staged.infusion AS i
ANTI JOIN derived.ledger_apart AS a
    ON i.infusion_key = a.record_key AND a.record = 'infusion'
