-- One row per drug of DRUG_STRENGTH, with the grams in a millilitre and in a piece.
-- A concentration says grams per millilitre; with a volume of its own ("100 ML ... Injection") also
-- grams per piece. Numerator and denominator are kept apart, to divide once. What several
-- ingredients or a box would mean is left to those who count them.
WITH read AS (
    SELECT
        s.drug_concept_id,
        s.box_size,
        TRY_CAST(s.amount_value AS DECIMAL(18, 6)) * amount.factor AS amount_g,
        TRY_CAST(s.numerator_value AS DECIMAL(18, 6)) * numerator.factor AS numerator_g,
        CASE
            WHEN s.denominator_value IS NULL THEN denominator.factor
            ELSE TRY_CAST(s.denominator_value AS DECIMAL(18, 6)) * denominator.factor
        END AS denominator_ml,
        s.denominator_value IS NOT NULL AS has_volume
    FROM raw.drug_strength AS s
    LEFT JOIN step.amount_unit AS amount
        ON s.amount_unit_concept_id = amount.written AND amount.measure = 'mass'
    LEFT JOIN step.amount_unit AS numerator
        ON s.numerator_unit_concept_id = numerator.written AND numerator.measure = 'mass'
    LEFT JOIN step.amount_unit AS denominator
        ON s.denominator_unit_concept_id = denominator.written AND denominator.measure = 'volume'
    WHERE s.invalid_reason IS NULL
)

SELECT
    drug_concept_id,
    COUNT(*) AS n_ingredients,
    BOOL_OR(box_size IS NOT NULL AND box_size NOT IN ('0', '1')) AS is_boxed,
    MAX(CASE WHEN denominator_ml > 0 THEN numerator_g END) AS numerator_g,
    MAX(CASE WHEN denominator_ml > 0 THEN denominator_ml END) AS denominator_ml,
    MAX(CASE WHEN amount_g IS NOT NULL THEN amount_g WHEN has_volume THEN numerator_g END)
        AS piece_g
FROM read
GROUP BY drug_concept_id
