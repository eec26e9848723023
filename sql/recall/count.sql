-- One row per likeness and product: how much of the list it is. A patient may stand in several.
SELECT
    likeness,
    product,
    COUNT(DISTINCT person) AS n_patients,
    COUNT(DISTINCT session_key) FILTER (WHERE section != 'not_shown') AS n_sessions,
    SUM(lot_g) FILTER (WHERE record = 'infusion' AND section != 'not_shown') AS given_g,
    COUNT(*) FILTER (WHERE section = 'given') AS n_given,
    COUNT(*) FILTER (WHERE section = 'subcutaneous') AS n_subcutaneous,
    COUNT(*) FILTER (WHERE section = 'not_shown') AS n_not_shown,
    COUNT(*) FILTER (WHERE section = 'refused') AS n_refused,
    COUNT(*) FILTER (WHERE section = 'event') AS n_events,
    MIN(on_date) AS first_on,
    MAX(on_date) AS last_on
FROM temp.line
WHERE is_listed
GROUP BY likeness, likeness_order, product
ORDER BY likeness_order, product NULLS LAST
