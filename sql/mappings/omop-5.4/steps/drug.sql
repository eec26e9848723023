-- One row per drug as the exposures name it (two concepts and the words of the source), with what
-- it is: an immune globulin and the code to know its product by, a vaccine, another medicine.
-- The first way of naming that one of our products answers to counts: NDC or billing code, the
-- brand with its strength, the brand, ATC, the words. What no product answers to and is called an
-- immune globulin stays one, of an unknown product.
WITH asked AS (
    SELECT DISTINCT
        drug_concept_id,
        drug_source_concept_id,
        drug_source_value
    FROM raw.drug_exposure
),

described AS (
    SELECT
        a.*,
        standard.concept_name AS standard_name,
        COALESCE(original.concept_name, standard.concept_name) AS title,
        CASE
            WHEN original.vocabulary_id = 'NDC' THEN original.concept_code
            WHEN standard.vocabulary_id = 'NDC' THEN standard.concept_code
            WHEN
                REGEXP_FULL_MATCH(TRIM(a.drug_source_value), '[0-9]{11}|[0-9]{5}-[0-9]{4}-[0-9]{2}')
                THEN TRIM(a.drug_source_value)
        END AS ndc,
        CASE
            WHEN original.vocabulary_id = 'HCPCS' THEN original.concept_code
            WHEN standard.vocabulary_id = 'HCPCS' THEN standard.concept_code
            WHEN REGEXP_FULL_MATCH(UPPER(TRIM(a.drug_source_value)), 'J[0-9]{4}')
                THEN UPPER(TRIM(a.drug_source_value))
        END AS hcpcs,
        CASE
            WHEN original.vocabulary_id = 'ATC' THEN original.concept_code
            WHEN standard.vocabulary_id = 'ATC' THEN standard.concept_code
        END AS atc,
        CASE
            WHEN original.vocabulary_id = 'CVX' THEN original.concept_code
            WHEN standard.vocabulary_id = 'CVX' THEN standard.concept_code
        END AS cvx
    FROM asked AS a
    LEFT JOIN step.coded AS standard ON a.drug_concept_id = standard.concept_id
    LEFT JOIN step.coded AS original ON a.drug_source_concept_id = original.concept_id
),

spelt AS (
    SELECT
        *,
        REPLACE(ndc, '-', '') AS ndc11,
        UPPER(NULLIF(REGEXP_EXTRACT(title, '\[([^\]]+)\] *$', 1), '')) AS brand,
        NULLIF(UPPER(REGEXP_EXTRACT(title, '[0-9]+ MG/ML', 0, 'i')), '') AS strength,
        UPPER(REGEXP_REPLACE(TRIM(drug_source_value), '\s+', ' ', 'g')) AS words
    FROM described
),

-- ways of naming, the surest first
way AS (
    SELECT
        s.drug_concept_id,
        s.drug_source_concept_id,
        s.drug_source_value,
        UNNEST([
            { 'place': 1, 'alias': s.ndc11, 'code': s.ndc11 },
            { 'place': 2, 'alias': LEFT(s.ndc11, 9), 'code': s.ndc11 },
            { 'place': 3, 'alias': s.hcpcs, 'code': s.hcpcs },
            {
                'place': 4,
                'alias': s.brand || ' ' || s.strength,
                'code': s.brand || ' ' || s.strength
            },
            { 'place': 5, 'alias': s.brand, 'code': s.brand },
            { 'place': 6, 'alias': s.words, 'code': s.words },
            { 'place': 7, 'alias': s.atc, 'code': s.atc },
            { 'place': 8, 'alias': UPPER(s.title), 'code': UPPER(s.title) }
        ]) AS told
    FROM spelt AS s
),

known AS (
    SELECT
        w.drug_concept_id,
        w.drug_source_concept_id,
        w.drug_source_value,
        w.told.code AS product_code
    FROM way AS w
    INNER JOIN guideline.product_alias AS p ON w.told.alias = p.alias
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY w.drug_concept_id, w.drug_source_concept_id, w.drug_source_value
            ORDER BY w.told.place, w.told.code
        ) = 1
),

-- "BRAND 10 % 5 G VIAL" in the words of the source
begun AS (
    SELECT DISTINCT
        s.drug_concept_id,
        s.drug_source_concept_id,
        s.drug_source_value
    FROM spelt AS s
    INNER JOIN guideline.product_alias AS p
        ON STARTS_WITH(s.words, p.alias || ' ') AND p.alias_kind = 'brand'
),

told AS (
    SELECT
        s.*,
        k.product_code,
        k.product_code IS NOT NULL
        OR b.drug_source_value IS NOT NULL
        OR REGEXP_MATCHES(
            LOWER(CONCAT_WS(' / ', s.title, s.standard_name, s.drug_source_value)),
            'immun(e|o) ?globulin|gamma ?globulin|\bivig\b|\bigiv\b|\bscig\b'
        )
        AND NOT REGEXP_MATCHES(
            LOWER(CONCAT_WS(' / ', s.title, s.standard_name, s.drug_source_value)),
            -- raised in animals, or against globulins
            'thymo|lymphocyte|\bfab\b|antiveni|equine|rabbit|anti-?immunoglobulin'
        ) AS is_globulin
    FROM spelt AS s
    LEFT JOIN known AS k
        ON
            s.drug_concept_id IS NOT DISTINCT FROM k.drug_concept_id
            AND s.drug_source_concept_id IS NOT DISTINCT FROM k.drug_source_concept_id
            AND s.drug_source_value IS NOT DISTINCT FROM k.drug_source_value
    LEFT JOIN begun AS b
        ON
            s.drug_concept_id IS NOT DISTINCT FROM b.drug_concept_id
            AND s.drug_source_concept_id IS NOT DISTINCT FROM b.drug_source_concept_id
            AND s.drug_source_value = b.drug_source_value
)

SELECT
    drug_concept_id,
    drug_source_concept_id,
    drug_source_value,
    CASE
        WHEN is_globulin THEN 'globulin'
        WHEN cvx IS NOT NULL THEN 'vaccine'
        WHEN COALESCE(atc, title, drug_source_value) IS NOT NULL THEN 'medicine'
        ELSE 'unnamed'
    END AS kind,
    COALESCE(product_code, words, title) AS product_code,
    hcpcs IS NOT NULL AS is_billing_code,
    cvx AS vaccine_code,
    CASE WHEN atc IS NOT NULL THEN 'ATC' ELSE 'NAME' END AS code_system,
    COALESCE(atc, standard_name, title, drug_source_value) AS code,
    COALESCE(ndc, hcpcs, title, drug_source_value, drug_concept_id) AS shown_code
FROM told
