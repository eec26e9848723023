-- One row per pair of products (NULL: the course holds several) in a course and the same patient's
-- next one begun in the period, without a break longer than the history† that makes a course a
-- loading one; per `outcome` (`same`, `switch`, `unclear`: several products in either) one for all
-- its pairs, and one for all (`part` `pair`, `outcome`, `all`). Whether both were for the same
-- indication; patients are counted of switches only.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH product AS (
    SELECT
        product_id,
        brand,
        ROW_NUMBER() OVER (ORDER BY product_id) AS number
    FROM guideline.product
),

in_time AS (
    SELECT
        c.patient_key,
        c.started_on,
        c.last_on,
        -- a number sorts faster than a text
        p.number AS product_number,
        HASH(c.indication_code) AS indication_hash,
        c.indication_code IS NOT NULL AS is_indicated
    FROM derived.course AS c
    LEFT JOIN product AS p ON c.product_id = p.product_id
    ORDER BY c.patient_key, c.started_on, c.course_key
),

beside AS (
    SELECT
        patient_key,
        started_on,
        product_number,
        LAG(patient_key) OVER () = patient_key AS is_following,
        LAG(product_number) OVER () AS from_number,
        LAG(last_on) OVER () AS row_last_on,
        CASE
            WHEN is_indicated AND LAG(is_indicated) OVER ()
                THEN LAG(indication_hash) OVER () = indication_hash
        END AS is_same_indication
    FROM in_time
),

pair AS (
    SELECT
        b.patient_key,
        b.from_number,
        b.product_number AS to_number,
        b.is_same_indication
    FROM beside AS b
    CROSS JOIN report.period AS p
    CROSS JOIN guideline.policy AS ours
    WHERE
        -- in one, for the planner takes each further condition for a fifth
        (
            b.is_following
            AND b.started_on >= p.from_on
            AND b.started_on <= p.to_on
            AND b.started_on - b.row_last_on <= ours.loading_history_days
        ) IS TRUE
),

summed AS (
    SELECT
        from_number,
        to_number,
        CASE
            WHEN from_number IS NULL OR to_number IS NULL THEN 'unclear'
            WHEN from_number = to_number THEN 'same'
            ELSE 'switch'
        END AS outcome,
        COUNT(*) AS n_pairs,
        COUNT(*) FILTER (WHERE is_same_indication) AS n_same_indication,
        COUNT(*) FILTER (WHERE NOT is_same_indication) AS n_other_indication,
        COUNT(*) FILTER (WHERE is_same_indication IS NULL) AS n_unknown_indication
    FROM pair
    GROUP BY from_number, to_number
),

counted AS (
    SELECT
        CASE GROUPING(outcome, from_number)
            WHEN 0 THEN 'pair'
            WHEN 1 THEN 'outcome'
            ELSE 'all'
        END AS part,
        outcome,
        from_number,
        to_number,
        CAST(SUM(n_pairs) AS BIGINT) AS n_pairs,
        CAST(SUM(n_same_indication) AS BIGINT) AS n_same_indication,
        CAST(SUM(n_other_indication) AS BIGINT) AS n_other_indication,
        CAST(SUM(n_unknown_indication) AS BIGINT) AS n_unknown_indication
    FROM summed
    GROUP BY GROUPING SETS ((outcome, from_number, to_number), (outcome), ())
    HAVING COUNT(*) > 0
),

switcher AS (
    SELECT
        from_number,
        to_number,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM pair
    WHERE from_number <> to_number
    GROUP BY GROUPING SETS ((from_number, to_number), ())
)

SELECT
    c.part,
    c.outcome,
    f.product_id AS from_product_id,
    f.brand AS from_brand,
    t.product_id AS to_product_id,
    t.brand AS to_brand,
    c.n_pairs,
    s.n_patients,
    c.n_same_indication,
    c.n_other_indication,
    c.n_unknown_indication
FROM counted AS c
LEFT JOIN switcher AS s
    ON
        c.outcome = 'switch'
        AND c.from_number IS NOT DISTINCT FROM s.from_number
        AND c.to_number IS NOT DISTINCT FROM s.to_number
LEFT JOIN product AS f ON c.from_number = f.number
LEFT JOIN product AS t ON c.to_number = t.number
