-- One row per MedicationDispense: its medicine, the grams it handed out and what denies it.
-- By the value set of R4 only what is completed was picked up. What is in progress is ready for it,
-- and was perhaps handed out where it says when.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH named AS (
    SELECT
        a.*,
        KNOWN_AS(
            a.concept,
            d.is_globulin OR d.is_told,
            a.request_concept,
            (o.is_globulin OR o.is_told) AND NOT a.is_request_mixture,
            d.listed_as
        ) AS known_as,
        (o.is_globulin AND NOT a.is_request_mixture) IS TRUE AS is_ordered,
        (o.is_told AND NOT o.is_globulin) IS TRUE AS is_other_ordered,
        d.shown_code
    FROM step.dispensed AS a
    LEFT JOIN step.drug AS d ON a.concept = d.concept
    LEFT JOIN step.drug AS o ON a.request_concept = o.concept
),

sized AS (
    SELECT
        n.*,
        d.is_told IS TRUE OR n.is_other_ordered AS is_told,
        d.names,
        d.is_globulin IS TRUE AS is_globulin,
        d.product_code,
        d.code_system AS medicine_system,
        d.code AS medicine_code,
        d.strength_g_per_l,
        DOSE_UNIT(n.quantity) AS unit,
        CASE
            WHEN IN_GRAMS(ONE_PACK(n.amount)) THEN ONE_PACK(n.amount).value
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
            WHEN
                unit IN ('vial', '{vial}', 'bottle', '{bottle}', 'vials', 'bottles')
                AND REGEXP_FULL_MATCH(vial_size_g, '\d{1,3}(\.\d{1,3}0*)?')
                THEN
                    CAST(
                        TRY_CAST(
                            NUMBER_OF(quantity.value) * TRY_CAST(vial_size_g AS DECIMAL(6, 3))
                            AS DECIMAL(9, 3)
                        ) AS VARCHAR
                    )
            ELSE GRAMS_OF(quantity.value, unit, strength_g_per_l)
        END AS dose_g
    FROM sized
)

SELECT
    * EXCLUDE ( -- noqa: AM04
        concept, request_concept, is_request_mixture, is_handed_over, quantity, amount,
        strength_g_per_l, status, is_told, is_ordered, is_other_ordered, names, known_as
    ),
    CASE
        WHEN is_globulin THEN FALSE
        ELSE MAY_BE_GLOBULIN(
            is_told, is_ordered, medicine_system, names, unit, route, dose_g
        )
    END AS may_be_globulin,
    known_as IS NULL AS is_missing,
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN
            status IN ('declined', 'cancelled', 'preparation', 'on-hold', 'stopped')
            OR (status = 'in-progress' AND NOT is_handed_over)
            THEN 'not_dispensed'
        WHEN (status = 'completed') IS NOT TRUE THEN 'status_unsure'
    END AS denied
FROM measured
