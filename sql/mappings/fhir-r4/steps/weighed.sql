-- One row per MedicationAdministration: the medicine it is of, what it gave and what denies it.
-- Amounts are in the units of the contract.
-- Whether a dose was given is said by the status, by the method and by the reason: each of them may
-- deny it. What stops, pauses or changes an infusion is no dose of its own.
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
    FROM step.administered AS a
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
        DOSE_UNIT(n.dose) AS dose_unit,
        EXACT_UNIT(n.rate) AS rate_unit
    FROM named AS n
    LEFT JOIN step.drug AS d ON n.known_as = d.concept
),

dosed AS (
    SELECT
        *,
        GRAMS_OF(dose.value, dose_unit, strength_g_per_l) AS dose_g
    FROM sized
)

SELECT
    infusion_id,
    patient_id,
    parent_id,
    request_id,
    started_at,
    ended_at,
    product_code,
    medicine_system,
    medicine_code,
    shown_code,
    is_globulin,
    -- a CASE asks only the rows it must
    CASE
        WHEN is_globulin THEN FALSE
        ELSE MAY_BE_GLOBULIN(
            is_told, is_ordered, medicine_system, names, dose_unit, route, dose_g
        )
    END AS may_be_globulin,
    dose_unit = 'ml' AS is_by_strength,
    dose_g,
    CASE
        WHEN dose_unit = 'ml' THEN dose.value
        -- the bag's own volume, of a dose that was given whole
        WHEN status != 'stopped' AND LOWER(ONE_PACK(amount).code) = 'ml'
            THEN ONE_PACK(amount).value
    END AS volume_ml,
    CASE
        WHEN rate_unit IN ('ml/h', 'ml/hr', 'ml/hour') THEN rate.value
        WHEN
            LOWER(rate_ratio.numerator.code) = 'ml'
            AND LOWER(rate_ratio.denominator.code) = 'h'
            AND REGEXP_FULL_MATCH(rate_ratio.denominator.value, '1(\.0+)?')
            THEN rate_ratio.numerator.value
    END AS rate_ml_per_h,
    route,
    batch,
    ingredient,
    contained,
    dispensing_id,
    prescribed_dose_g,
    prescriber_id,
    authorisation_id,
    phase,
    indication,
    place_kind,
    ward_id,
    site_id,
    status,
    stop_reason,
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN method_says = 'no_dose' THEN 'no_dose'
        WHEN
            status = 'not-done'
            OR method_says = 'not_given'
            OR (is_reason_against AND method_says IS DISTINCT FROM 'given')
            THEN 'not_given'
    END AS denied,
    known_as IS NULL AS is_missing,
    recorded_at,
    source_file,
    source_row
FROM dosed
