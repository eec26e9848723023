-- One row per MedicationDispense, with what became of it and the grams it handed out.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH named AS (
    SELECT
        a.*,
        CASE
            WHEN d.is_globulin OR d.is_named OR a.is_request_mixture IS NOT FALSE THEN a.concept
            WHEN o.is_globulin OR o.is_named THEN a.request_concept
            ELSE a.concept
        END AS known_as,
        d.shown_code
    FROM step.dispensed AS a
    LEFT JOIN step.drug AS d ON a.concept = d.concept
    LEFT JOIN step.drug AS o ON a.request_concept = o.concept
),

sized AS (
    SELECT
        n.*,
        d.is_globulin IS TRUE AS is_globulin,
        d.product_code,
        d.code_system AS medicine_system,
        d.code AS medicine_code,
        d.strength_g_per_l,
        EXACT_UNIT(n.quantity) AS unit,
        CASE
            WHEN REGEXP_FULL_MATCH(n.quantity.value, '\d{1,6}(\.\d{1,3}0*)?')
                THEN CAST(n.quantity.value AS DECIMAL(9, 3))
        END AS number,
        CASE
            WHEN
                LOWER(ONE_PACK(n.amount).code) = 'g'
                OR LOWER(ONE_PACK(n.amount).unit) IN ('g', 'gram', 'grams')
                THEN ONE_PACK(n.amount).value
        END AS vial_size_g
    FROM named AS n
    LEFT JOIN step.drug AS d ON n.known_as = d.concept
),

measured AS (
    SELECT
        *,
        CASE
            WHEN
                unit IN ('vial', '{vial}', 'bottle', '{bottle}', 'vials', 'bottles')
                AND REGEXP_FULL_MATCH(quantity.value, '\d{1,4}(\.0+)?')
                THEN REGEXP_EXTRACT(quantity.value, '^\d+')
        END AS n_vials,
        CASE
            WHEN unit IN ('g', 'gm', 'gram', 'grams') THEN quantity.value
            WHEN unit = 'mg' THEN CAST(CAST(number * 0.001 AS DECIMAL(9, 6)) AS VARCHAR)
            WHEN unit = 'ml' AND strength_g_per_l IS NOT NULL
                THEN CAST(CAST(number * strength_g_per_l * 0.001 AS DECIMAL(9, 3)) AS VARCHAR)
            WHEN
                unit IN ('vial', '{vial}', 'bottle', '{bottle}', 'vials', 'bottles')
                AND REGEXP_FULL_MATCH(vial_size_g, '\d{1,3}(\.\d{1,3}0*)?')
                THEN
                    CAST(
                        CAST(number * CAST(vial_size_g AS DECIMAL(6, 3)) AS DECIMAL(9, 3))
                        AS VARCHAR
                    )
        END AS dose_g
    FROM sized
)

SELECT
    * EXCLUDE ( -- noqa: AM04
        concept, request_concept, is_request_mixture, known_as, quantity, amount, number, unit,
        strength_g_per_l, status
    ),
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN concept IS NULL THEN 'medicine_missing'
        WHEN status IN ('declined', 'cancelled', 'preparation', 'on-hold', 'stopped')
            THEN 'not_dispensed'
        WHEN NOT is_globulin THEN 'medicine_not_listed'
        WHEN dose_g IS NULL THEN 'no_grams'
        WHEN unit = 'ml' THEN 'read_by_strength'
        ELSE 'read'
    END AS fate
FROM measured
