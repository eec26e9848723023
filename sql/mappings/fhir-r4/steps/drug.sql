-- One row per distinct concept of a medicine: whether it is an immune globulin we know or one by
-- its name, and by which code it goes. `listed_as` is for a bare code what the Medications of the
-- source with that code agree on.
-- An exact alias, an NDC or a brand followed by its strength names a product, as everywhere. Words
-- that look like an immune globulin count, too, so that the product is asked for and not lost; bare
-- codes of a formulary never do: IVIGBAG is a bag of acetaminophen.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH asked AS (
    SELECT CAST(medicationcodeableconcept AS VARCHAR) AS concept
    FROM raw.medicationadministration
    UNION
    SELECT CAST(UNNEST(contained).code AS VARCHAR) AS concept
    FROM raw.medicationadministration
    UNION
    SELECT CAST(medicationcodeableconcept AS VARCHAR) AS concept
    FROM raw.medicationdispense
    UNION
    SELECT CAST(UNNEST(contained).code AS VARCHAR) AS concept
    FROM raw.medicationdispense
    UNION
    SELECT concept
    FROM step.prescribed
    UNION
    SELECT concept
    FROM step.medication
),

read AS (
    SELECT
        concept,
        JSON_TRANSFORM(
            concept,
            '{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}],
              "text": "VARCHAR"}'
        ) AS meant
    FROM asked
    WHERE concept IS NOT NULL
),

coded AS (
    SELECT
        concept,
        UNNEST(
            LIST_CONCAT(meant.coding, [{ 'system': NULL, 'code': NULL, 'display': meant.text }])
        ) AS coding
    FROM read
),

worded AS (
    SELECT
        concept,
        coding.code AS word,
        (IS_NAME(coding.code) OR coding.system LIKE '%name%') IS TRUE AS is_name
    FROM coded
    WHERE coding.code IS NOT NULL
    UNION
    SELECT
        concept,
        coding.display AS word,
        TRUE AS is_name
    FROM coded
    WHERE coding.display IS NOT NULL
    UNION
    -- RxNorm writes the brand of a product in square brackets
    SELECT
        concept,
        REGEXP_EXTRACT(coding.display, '\[([^\]]+)\] *$', 1) AS word,
        TRUE AS is_name
    FROM coded
    WHERE coding.display LIKE '%]'
),

spelt AS (
    SELECT
        concept,
        word,
        is_name,
        UPPER(REGEXP_REPLACE(TRIM(word), '\s+', ' ', 'g')) AS code,
        STRING_SPLIT(TRIM(word), '-') AS part
    FROM worded
),

numbered AS (
    SELECT
        *,
        CASE
            WHEN REGEXP_FULL_MATCH(code, '\d{11}') THEN LEFT(code, 9)
            WHEN REGEXP_FULL_MATCH(code, '\d{4,5}-\d{3,4}(-\d{1,2})?')
                THEN LPAD(part[1], 5, '0') || LPAD(part[2], 4, '0')
        END AS ndc9
    FROM spelt
),

matched AS (
    SELECT
        n.concept,
        n.word,
        n.is_name,
        n.code,
        exact.product_id IS NOT NULL OR labelled.product_id IS NOT NULL AS is_exact,
        CASE
            WHEN exact.product_id IS NOT NULL THEN exact.product_id
            WHEN labelled.product_id IS NOT NULL THEN labelled.product_id
            ELSE MAX(branded.product_id)
        END AS product_id,
        n.is_name
        AND REGEXP_MATCHES(
            LOWER(n.word),
            'immune globulin|immunoglobulin|gamma ?globulin|\bivig\b|\bigiv\b|\bscig\b'
        )
        -- antibodies in the blood are tested for, and globulins of animals are raised
        AND NOT REGEXP_MATCHES(
            LOWER(n.word), 'thymo|lymphocyte|\bfab\b|antivenin|vaccine|antitoxin'
        ) AS is_named_so
    FROM numbered AS n
    LEFT JOIN guideline.product_alias AS exact
        ON n.code = exact.alias AND exact.alias_kind != 'ndc9'
    LEFT JOIN guideline.product_alias AS labelled
        ON n.ndc9 = labelled.alias AND labelled.alias_kind = 'ndc9'
    LEFT JOIN guideline.product_alias AS branded
        ON
            n.is_name
            AND branded.alias_kind = 'brand'
            AND STARTS_WITH(n.code, branded.alias || ' ')
    GROUP BY
        n.concept, n.word, n.is_name, n.code, exact.product_id, labelled.product_id
),

-- of several words the one that names a product most exactly
ranked AS (
    SELECT
        m.concept,
        m.word AS product_code,
        CASE WHEN m.is_exact AND p.status = 'seen' THEN p.concentration_g_per_l END
            AS strength_g_per_l
    FROM matched AS m
    LEFT JOIN guideline.product AS p ON m.product_id = p.product_id
    WHERE m.product_id IS NOT NULL OR m.is_named_so
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY m.concept
            ORDER BY
                m.product_id IS NULL ASC, p.is_generic ASC NULLS LAST, m.is_name ASC, m.word ASC
        ) = 1
),

said AS (
    SELECT
        concept,
        MIN(coding.code) FILTER (
            WHERE
            coding.system LIKE '%whocc.no/atc%' OR coding.system = 'urn:oid:2.16.840.1.113883.6.73'
        ) AS atc,
        MIN(coding.code) FILTER (WHERE coding.system LIKE '%umls/rxnorm%') AS rxnorm,
        STRING_AGG(DISTINCT coding.display, ' / ' ORDER BY coding.display) AS names,
        STRING_AGG(DISTINCT coding.code, ' / ' ORDER BY coding.code) AS codes,
        MIN(coding.code) AS first_code,
        BOOL_OR(
            -- beside a code stands its name, even one such as D5NS
            coding.display != coding.code
            OR NOT IS_CODE(coding.display)
            OR IS_NAME(coding.display)
            OR IS_NAME(coding.code)
            OR coding.system LIKE '%name%'
        ) IS TRUE AS is_named
    FROM coded
    GROUP BY concept
),

-- a mixture has the codes of all its parts
listed AS (
    SELECT
        c.coding.system,
        c.coding.code,
        MIN(c.concept) AS concept
    FROM coded AS c
    INNER JOIN step.medication AS m ON c.concept = m.concept AND m.is_mixture IS NOT TRUE
    INNER JOIN said AS s ON c.concept = s.concept
    LEFT JOIN ranked AS r ON c.concept = r.concept
    WHERE c.coding.code IS NOT NULL
    GROUP BY c.coding.system, c.coding.code
    HAVING
        BOOL_AND(r.concept IS NULL AND s.is_named)
        OR (BOOL_AND(r.concept IS NOT NULL) AND MIN(r.product_code) = MAX(r.product_code))
),

found AS (
    SELECT
        c.concept,
        MIN(l.concept) AS listed_as
    FROM coded AS c
    INNER JOIN listed AS l
        ON c.coding.code = l.code AND c.coding.system IS NOT DISTINCT FROM l.system
    GROUP BY c.concept
    HAVING MIN(l.concept) = MAX(l.concept)
)

SELECT
    s.concept,
    r.concept IS NOT NULL AS is_globulin,
    s.is_named,
    (s.atc IS NOT NULL OR s.is_named) AS is_told,
    CASE WHEN r.concept IS NULL AND NOT s.is_named AND s.atc IS NULL THEN f.listed_as END
        AS listed_as,
    s.names,
    r.product_code,
    r.strength_g_per_l,
    CASE
        WHEN s.atc IS NOT NULL THEN 'ATC'
        WHEN s.names IS NULL AND s.rxnorm IS NOT NULL THEN 'RXNORM'
        ELSE 'NAME'
    END AS code_system,
    CASE
        WHEN s.atc IS NOT NULL THEN s.atc
        WHEN s.names IS NULL AND s.rxnorm IS NOT NULL THEN s.rxnorm
        WHEN s.names IS NOT NULL THEN s.names
        ELSE s.codes
    END AS code,
    COALESCE(s.first_code, s.names) AS shown_code
FROM said AS s
LEFT JOIN ranked AS r ON s.concept = r.concept
LEFT JOIN found AS f ON s.concept = f.concept
