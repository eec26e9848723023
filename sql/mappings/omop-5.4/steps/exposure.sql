-- One row per drug exposure, with what became of it and its grams.
-- `fate` says why there are no grams, if there are none. The unit of `quantity` stands in
-- dose_unit_source_value or nowhere: a quantity without unit may be grams, millilitres, vials or
-- boxes, and is not read. Grams are rounded to the milligram.
WITH read AS (
    SELECT
        e.source_file,
        e.source_row,
        e.drug_concept_id,
        d.kind,
        d.product_code,
        d.vaccine_code,
        d.code_system,
        d.code,
        d.shown_code,
        d.is_billing_code,
        COALESCE(t.happened, 'unknown') AS happened,
        COALESCE(e.drug_type_concept_id, 'none') AS type_id,
        e.quantity,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(e.quantity), '[0-9]{1,9}(\.[0-9]+)?')
                THEN TRY_CAST(e.quantity AS DECIMAL(18, 6))
        END AS amount,
        u.measure,
        u.factor,
        DATE_DIFF(
            'day',
            TRY_CAST(LEFT(e.drug_exposure_start_date, 10) AS DATE),
            TRY_CAST(LEFT(e.drug_exposure_end_date, 10) AS DATE)
        ) AS n_days_after
    FROM raw.drug_exposure AS e
    LEFT JOIN step.drug AS d
        ON
            e.drug_concept_id IS NOT DISTINCT FROM d.drug_concept_id
            AND e.drug_source_concept_id IS NOT DISTINCT FROM d.drug_source_concept_id
            AND e.drug_source_value IS NOT DISTINCT FROM d.drug_source_value
    LEFT JOIN step.drug_type AS t ON e.drug_type_concept_id = t.type_concept_id
    LEFT JOIN step.amount_unit AS u ON LOWER(TRIM(e.dose_unit_source_value)) = u.written
),

judged AS (
    SELECT
        r.*,
        CASE
            WHEN r.kind = 'vaccine' THEN 'vaccine'
            WHEN r.kind = 'medicine' THEN 'other_medicine'
            WHEN r.kind = 'unnamed' THEN 'medicine_unnamed'
            WHEN r.happened IN ('ordered', 'listed') THEN r.happened
            WHEN r.happened = 'unknown' THEN 'type_unknown'
            WHEN r.happened = 'claimed' OR r.is_billing_code THEN 'quantity_of_claim'
            WHEN r.quantity IS NULL THEN 'quantity_missing'
            WHEN r.amount IS NULL OR r.amount = 0 THEN 'quantity_unread'
            WHEN r.measure IS NULL THEN 'quantity_unit_unknown'
            -- past midnight is one dose, days on end are several
            WHEN r.happened = 'given' AND r.n_days_after > 1 THEN 'several_days'
            WHEN r.measure = 'mass' THEN 'read'
            WHEN s.n_ingredients IS NULL THEN 'strength_missing'
            WHEN s.n_ingredients > 1 THEN 'several_ingredients'
            WHEN s.is_boxed THEN 'boxed'
            WHEN r.measure = 'volume' AND s.numerator_g IS NOT NULL THEN 'read'
            WHEN r.measure = 'piece' AND s.piece_g IS NOT NULL THEN 'read'
            ELSE 'strength_unfit'
        END AS answer,
        CAST(
            ROUND(
                CASE r.measure
                    WHEN 'mass' THEN r.amount * r.factor
                    WHEN 'volume' THEN r.amount * r.factor * s.numerator_g / s.denominator_ml
                    WHEN 'piece' THEN r.amount * s.piece_g
                END, 3
            ) AS DECIMAL(18, 3)
        ) AS grams
    FROM read AS r
    LEFT JOIN step.strength AS s ON r.drug_concept_id = s.drug_concept_id
)

SELECT
    source_file,
    source_row,
    kind,
    product_code,
    vaccine_code,
    code_system,
    code,
    CASE WHEN answer = 'type_unknown' THEN 'type ' || type_id ELSE shown_code END AS shown_code,
    CASE WHEN answer = 'read' AND happened = 'issued' THEN 'issued' ELSE answer END AS fate,
    kind = 'globulin' AND happened NOT IN ('ordered', 'listed', 'issued') AS is_given,
    kind = 'globulin' AND happened = 'issued' AS is_issued,
    CASE WHEN answer = 'read' THEN grams END AS dose_g,
    CASE WHEN answer = 'read' AND measure = 'volume' THEN amount * factor END AS volume_ml
FROM judged
