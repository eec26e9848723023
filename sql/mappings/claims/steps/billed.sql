-- One row per line of the claims, with what became of it and the grams it bills.
-- `fate` is why the line is no infusion, or whether its grams are known. Grams are units times
-- the milligrams one unit of the code stands for (guideline.billing_code); a unit that nobody
-- read, or that is only recalled, gives none. A code of no immune globulin counts when the NDC
-- beside it is one: what it is is then known, and not how much.
WITH drug AS (
    SELECT
        alias,
        alias_kind,
        product_id
    FROM guideline.product_alias
    WHERE alias_kind IN ('ndc11', 'ndc9', 'hcpcs')
),

named AS (
    SELECT
        s.*,
        b.hcpcs_code IS NOT NULL AS is_listed,
        b.unit_mg,
        b.status AS unit_status,
        p.is_generic AS is_class_only,
        COALESCE(package.product_id, labelled.product_id) IS NOT NULL AS is_ndc_known
    FROM step.standing AS s
    LEFT JOIN guideline.billing_code AS b ON s.code = b.hcpcs_code
    LEFT JOIN drug AS coded ON s.code = coded.alias AND coded.alias_kind = 'hcpcs'
    LEFT JOIN guideline.product AS p ON coded.product_id = p.product_id
    LEFT JOIN drug AS package ON s.ndc11 = package.alias AND package.alias_kind = 'ndc11'
    LEFT JOIN drug AS labelled
        ON LEFT(s.ndc11, 9) = labelled.alias AND labelled.alias_kind = 'ndc9'
),

counted AS (
    SELECT
        *,
        is_listed OR is_ndc_known AS is_globulin,
        -- several claims for one code and day: more than one dose, or one dose twice
        MIN(CASE WHEN is_loose OR (standing = 'stands' AND NOT is_waste) THEN claim_id END)
            OVER same_service
        != MAX(CASE WHEN is_loose OR (standing = 'stands' AND NOT is_waste) THEN claim_id END)
            OVER same_service AS is_in_several_claims,
        BOOL_OR(standing = 'stands' AND NOT is_waste) OVER same_service AS is_given_at_all
    FROM named
    WINDOW same_service AS (PARTITION BY patient_id, service_date, code)
),

told AS (
    SELECT
        *,
        CASE
            WHEN NOT is_globulin THEN 'not_listed'
            WHEN standing = 'denied' AND NOT is_given_at_all THEN 'denied_only'
            WHEN standing != 'stands' THEN standing
            WHEN is_waste THEN 'wasted'
            WHEN unit_mg IS NULL THEN 'unit_unknown'
            WHEN unit_status = 'recalled' THEN 'unit_recalled'
            WHEN doubt IS NOT NULL THEN doubt
            WHEN is_in_several_claims THEN 'in_several_claims'
            WHEN service_end_date != service_date THEN 'several_days'
            WHEN billed_units IS NULL OR billed_units <= 0 THEN 'units_unread'
            WHEN is_without_waste THEN 'read_none_wasted'
            ELSE 'read'
        END AS fate,
        CASE
            WHEN unit_status != 'recalled'
                THEN
                    CAST(
                        CAST(billed_units * unit_mg AS DECIMAL(14, 0))
                        * CAST(0.001 AS DECIMAL(4, 3)) AS DECIMAL(14, 3)
                    )
        END AS billed_g
    FROM counted
)

SELECT
    source_file,
    source_row,
    claim_id,
    line_number,
    patient_id,
    service_date,
    code,
    -- a code that names no brand leaves the naming to the NDC
    CASE WHEN is_ndc_known AND (is_class_only OR NOT is_listed) THEN ndc11 ELSE code END
        AS product_code,
    CASE
        WHEN is_marked_iv AND NOT is_marked_sc THEN 'IV'
        WHEN is_marked_sc AND NOT is_marked_iv THEN 'SC'
    END AS route,
    standing,
    fate,
    is_globulin AND standing = 'stands' AND NOT is_waste AS is_given,
    CASE WHEN fate IN ('read', 'read_none_wasted', 'wasted') THEN billed_g END AS dose_g,
    CASE WHEN NOT is_net AND fate IN ('read', 'read_none_wasted') THEN volume_ml END AS volume_ml,
    adjudicated_on,
    place_of_service,
    site_id,
    prescriber_id
FROM told
