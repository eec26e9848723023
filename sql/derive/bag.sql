-- One row per bag or bottle in the records: per infusion, or per dispensing when no infusions
-- were supplied. Says what it was, how it was given and whether it counts as IVIG.
WITH basis AS (
    SELECT
        CASE
            WHEN COUNT(*) FILTER (WHERE s.record = 'infusion') > 0 THEN 'infusion'
            ELSE 'dispensing'
        END AS record_kind
    FROM audit.record_supplied AS s
),

link AS (
    SELECT
        dispensing_key,
        authorisation_key
    FROM staged.dispensing
    WHERE authorisation_key IS NOT NULL
),

-- nothing recorded as returned or wasted means that none was
kept AS (
    SELECT
        dispensing_key,
        CAST(
            dose_g
            - CASE WHEN returned_g > 0 THEN returned_g ELSE 0 END
            - CASE WHEN wasted_g > 0 THEN wasted_g ELSE 0 END AS DECIMAL(9, 3)
        ) AS kept_g
    FROM staged.dispensing
),

recorded AS (
    SELECT
        'infusion' AS record,
        i.infusion_key,
        i.patient_key,
        i.product_code,
        i.route,
        i.started_at,
        i.started_on,
        i.ended_at,
        i.ended_on,
        i.dose_g,
        i.volume_ml,
        i.status,
        i.indication_code,
        i.phase,
        COALESCE(i.authorisation_key, link.authorisation_key) AS authorisation_key,
        i.site_id,
        CASE WHEN i.weight_basis = 'actual' THEN i.weight_kg END AS weight_kg
    FROM staged.infusion AS i
    INNER JOIN basis ON basis.record_kind = 'infusion'
    LEFT JOIN link ON i.dispensing_key = link.dispensing_key
    UNION ALL
    SELECT
        'dispensing' AS record,
        d.dispensing_key AS infusion_key,
        d.patient_key,
        d.product_code,
        d.route,
        d.dispensed_at AS started_at,
        d.dispensed_on AS started_on,
        NULL AS ended_at,
        NULL AS ended_on,
        k.kept_g AS dose_g,
        NULL AS volume_ml,
        CASE WHEN k.kept_g <= 0 THEN 'not_given' END AS status,
        NULL AS indication_code,
        NULL AS phase,
        d.authorisation_key,
        d.site_id,
        NULL AS weight_kg
    FROM kept AS k
    INNER JOIN basis ON basis.record_kind = 'dispensing'
    INNER JOIN staged.dispensing AS d ON k.dispensing_key = d.dispensing_key
),

described AS (
    SELECT
        r.*,
        p.product_id,
        p.kind,
        p.concentration_g_per_l,
        COALESCE(p.vial_step_g, ours.default_vial_step_g) AS vial_step_g,
        ours.volume_mismatch,
        route.route AS recorded_route,
        -- a product with one way to be given was given that way when nothing else is recorded
        CASE
            WHEN p.is_iv AND NOT p.is_sc AND NOT p.is_im THEN 'IV'
            WHEN p.is_sc AND NOT p.is_iv AND NOT p.is_im THEN 'SC'
            WHEN p.is_im AND NOT p.is_iv AND NOT p.is_sc THEN 'IM'
        END AS only_route,
        p.is_iv AS can_be_iv,
        stated.indication_code AS stated_indication,
        approved.indication_code AS approved_indication,
        LOWER(a.phase) AS approved_phase
    FROM recorded AS r
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN derived.product_code AS p ON r.product_code = p.product_code
    LEFT JOIN temp.route_text AS route ON r.route = route.route_text
    LEFT JOIN temp.indication_text AS stated ON r.indication_code = stated.indication_text
    LEFT JOIN staged.authorisation AS a ON r.authorisation_key = a.authorisation_key
    LEFT JOIN temp.indication_text AS approved ON a.indication_code = approved.indication_text
),

routed AS (
    SELECT
        *,
        CASE
            WHEN recorded_route IS NULL THEN only_route
            -- a subcutaneous product recorded as intravenous was not given intravenously
            WHEN recorded_route = 'IV' AND NOT can_be_iv THEN only_route
            ELSE recorded_route
        END AS given_route,
        recorded_route IS NOT NULL AND only_route IS NOT NULL AND recorded_route != only_route
            AS is_route_conflict
    FROM described
)

SELECT
    record,
    infusion_key,
    patient_key,
    product_id,
    given_route AS route,
    is_route_conflict,
    started_at,
    started_on,
    ended_at,
    ended_on,
    dose_g,
    (status = 'stopped') IS TRUE AS is_stopped,
    CASE
        WHEN status = 'not_given' THEN 'not_given'
        WHEN product_id IS NULL THEN 'product_unknown'
        WHEN kind = 'hyperimmune' THEN 'hyperimmune'
        WHEN kind NOT IN ('ivig', 'scig', 'imig') THEN 'not_immunoglobulin'
        WHEN given_route IS NULL THEN 'route_unknown'
        WHEN given_route = 'SC' THEN 'subcutaneous'
        WHEN given_route = 'IM' THEN 'intramuscular'
    END AS exclusion,
    -- grams and volume of a known concentration tell different doses: one of them is wrong
    (
        ABS(dose_g * 1000 - volume_ml * concentration_g_per_l) > volume_mismatch * dose_g * 1000
    ) IS TRUE AS is_dose_uncertain,
    COALESCE(stated_indication, approved_indication) AS indication_code,
    stated_indication IS NOT NULL AS is_indication_on_infusion,
    phase,
    CASE WHEN phase IS NULL THEN approved_phase END AS approved_phase,
    authorisation_key,
    site_id,
    vial_step_g,
    weight_kg
FROM routed
