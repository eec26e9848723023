-- One row per block of months, kind of break of the gram ledger seen in them and number of it:
-- breaks, their grams, whether too many or too few, and the patients. No row per number of all: an
-- exchange of products would stand in it twice.
WITH line AS (
    SELECT
        m.block,
        b.break,
        COUNT(*) AS n_breaks,
        COUNT(DISTINCT b.patient_key) AS n_patients,
        SUM(ABS(b.grams)) AS grams,
        COUNT(DISTINCT b.patient_key) FILTER (WHERE b.grams <> 0) AS p_grams
    FROM derived.ledger_break AS b
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', b.entry_on) AS DATE) = m.month_on
    GROUP BY m.block, b.break
)

SELECT
    block,
    break AS line_id,
    break AS title,
    FALSE AS is_total,
    'ledger_breaks' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'breaks', 'kind': 'count', 'value': n_breaks,
            'n_persons': n_patients, 'at_most': NULL
        },
        {
            'measure': 'break_g', 'kind': 'amount', 'value': grams,
            'n_persons': p_grams, 'at_most': NULL
        },
        {
            'measure': 'break_patients', 'kind': 'persons', 'value': n_patients,
            'n_persons': n_patients, 'at_most': 'breaks'
        }
    ], recursive := TRUE)
FROM line
