-- One row per charted IVIG infusion (INPUTEVENTS_MV), and per order that may be an immune
-- globulin (PRESCRIPTIONS) of an admission without a charted one, in MIMIC-III.
-- An order is what was prescribed, not what was given: it has a day but no time, and its last
-- day is no end of an infusion. Its grams stand for the dose only when its unit is the gram.
-- Names are matched widely; the product library tells IVIG from hyperimmune globulins. The
-- bag an infusion is mixed in (BASE) and vaccines are medication.
WITH charted AS (
    SELECT
        e.*,
        'IV Immune Globulin (IVIG)' AS product_name
    FROM raw.inputevents_mv AS e
    -- Its label in D_ITEMS is the name used here.
    WHERE e.itemid = '227530' AND e.statusdescription IS DISTINCT FROM 'Rewritten'
),

prescribed AS (
    SELECT
        p.*,
        CASE
            WHEN LOWER(p.dose_unit_rx) IN ('g', 'gm', 'gram', 'grams') THEN p.dose_val_rx
        END AS dose_g
    FROM raw.prescriptions AS p
    WHERE
        p.drug_type IS DISTINCT FROM 'BASE'
        AND REGEXP_MATCHES(
            LOWER(p.drug),
            'immune globulin|immunoglobulin|gamma ?globulin|\bivig\b|\bigiv\b|gammagard|gamunex'
            '|gammaked|gammaplex|gammar|gamimune|flebogamma|polygam|venoglobulin|sandoglobulin'
            '|panglobulin|iveegam|carimune|privigen|octagam|bivigam|panzyga|asceniv|yimmugo'
            '|alyglo|qivigy|hizentra|hyqvia|cuvitru|xembify|cutaquig|gamastan|cytogam|nabi-hb'
            '|hepagam|hyperhep|hyperrho|hyperrab|hypertet|imogam|bayhep|bayrho|bayrab|baytet'
            '|rhogam|rhophylac|winrho|varizig|anthrasil'
        )
        -- Globulins raised in animals against a cell, a toxin or a drug.
        AND NOT REGEXP_MATCHES(LOWER(p.drug), 'thymo|lymphocyte|\bfab\b|antivenin|vaccine')
)

SELECT
    CONCAT('inputevents_mv-', row_id) AS infusion_id,
    subject_id AS patient_id,
    starttime AS started_at,
    endtime AS ended_at,
    product_name AS product_code,
    CASE WHEN LOWER(amountuom) IN ('g', 'gm', 'grams') THEN amount END AS dose_g,
    NULL AS prescribed_dose_g,
    CASE WHEN LOWER(amountuom) = 'ml' THEN amount END AS volume_ml,
    'IV' AS route,
    source_file,
    source_row
FROM charted
UNION ALL
SELECT
    CONCAT('prescriptions-', row_id) AS infusion_id,
    subject_id AS patient_id,
    LEFT(startdate, 10) AS started_at,
    NULL AS ended_at,
    CASE WHEN ndc IS NULL OR ndc = '0' THEN drug ELSE ndc END AS product_code,
    dose_g,
    dose_g AS prescribed_dose_g,
    NULL AS volume_ml,
    route,
    source_file,
    source_row
FROM prescribed
WHERE
    hadm_id IS NULL
    OR hadm_id NOT IN (
        SELECT c.hadm_id
        FROM charted AS c
        WHERE c.hadm_id IS NOT NULL
    )
