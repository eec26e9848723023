-- One row per state of the lines of the gram ledger: every dispensing and every infusion of the
-- records stands in exactly one line, so that the rows add up to all of them.
SELECT
    state,
    COUNT(*) AS n_lines,
    SUM(n_dispensings) AS n_dispensings,
    SUM(n_infusions) AS n_infusions,
    SUM(dispensed_g) AS dispensed_g,
    SUM(infused_g) AS infused_g,
    SUM(unexplained_g) AS unexplained_g
FROM derived.ledger_line
GROUP BY state
