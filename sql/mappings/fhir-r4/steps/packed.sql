-- One row per ingredient with a lot, of a dose or an issue that was made up of several.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH part AS (
    SELECT
        'infusion' AS record,
        infusion_id AS record_id,
        product_code,
        contained,
        UNNEST(ingredient) AS held,
        source_file,
        source_row
    FROM step.dose
    WHERE
        is_globulin
        AND fate IN ('read', 'read_by_strength', 'no_grams', 'unfinished', 'status_unsure')
        AND LENGTH(ingredient) > 0
    UNION ALL
    SELECT
        'dispensing' AS record,
        dispensing_id AS record_id,
        product_code,
        contained,
        UNNEST(ingredient) AS held,
        source_file,
        source_row
    FROM step.issue
    WHERE
        is_globulin
        AND fate IN ('read', 'read_by_strength', 'no_grams')
        AND LENGTH(ingredient) > 0
),

lot AS (
    SELECT
        *,
        CONTAINED_AS(contained, held.itemreference.reference) AS pack
    FROM part
)

SELECT
    record,
    record_id,
    product_code,
    pack.batch.lotnumber AS lot_number,
    WHOLE_DAY(pack.batch.expirationdate) AS expires_on,
    CASE
        WHEN IN_GRAMS(ONE_PACK(pack.amount)) THEN ONE_PACK(pack.amount).value
    END AS vial_size_g,
    CASE
        WHEN held.strength.numerator.unit IN ('vial', 'bottle') THEN held.strength.numerator.value
    END AS n_vials,
    CASE
        WHEN IN_GRAMS(held.strength.numerator) THEN held.strength.numerator.value
        WHEN
            held.strength.numerator.unit IN ('vial', 'bottle')
            AND REGEXP_FULL_MATCH(held.strength.numerator.value, '\d{1,4}')
            AND IN_GRAMS(ONE_PACK(pack.amount))
            AND REGEXP_FULL_MATCH(ONE_PACK(pack.amount).value, '\d{1,3}(\.\d{1,3})?')
            THEN
                CAST(
                    TRY_CAST(held.strength.numerator.value AS DECIMAL(4, 0))
                    * TRY_CAST(ONE_PACK(pack.amount).value AS DECIMAL(6, 3)) AS VARCHAR
                )
    END AS dose_g,
    source_file,
    source_row
FROM lot
WHERE pack.batch.lotnumber IS NOT NULL
