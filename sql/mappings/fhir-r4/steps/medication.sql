-- One row per Medication that requests, issues and doses may refer to, with all it may be known by.
-- A mixture is known by its parts, too, however deep they lie; parts that hold each other in a
-- circle are each counted once.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH RECURSIVE own AS (
    SELECT
        id AS medication_id,
        JSON_TRANSFORM(
            code,
            '{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}],
              "text": "VARCHAR"}'
        ) AS concept,
        identifier,
        ingredient,
        batch,
        amount
    FROM raw.medication
    WHERE NOT has_modifier AND id IS NOT NULL
    QUALIFY
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY source_file DESC, source_row DESC) = 1
),

part AS (
    SELECT
        medication_id,
        UNNEST(ingredient) AS held
    FROM own
),

pointed AS (
    SELECT
        medication_id,
        REFERENCE_ID(held.itemreference.reference, 'Medication') AS part_id,
        JSON_TRANSFORM(
            held.itemcodeableconcept,
            '{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}],
              "text": "VARCHAR"}'
        ) AS concept
    FROM part
),

reached AS (
    SELECT
        medication_id,
        medication_id AS part_id
    FROM own
    UNION
    SELECT
        r.medication_id,
        p.part_id
    FROM reached AS r
    INNER JOIN pointed AS p ON r.part_id = p.medication_id
),

called AS (
    SELECT
        r.medication_id,
        o.concept,
        o.identifier
    FROM reached AS r
    INNER JOIN own AS o ON r.part_id = o.medication_id
    UNION ALL
    SELECT
        r.medication_id,
        p.concept,
        NULL AS identifier
    FROM reached AS r
    INNER JOIN pointed AS p ON r.part_id = p.medication_id
),

identity AS (
    SELECT
        medication_id,
        UNNEST(identifier) AS identified
    FROM called
),

named AS (
    SELECT
        medication_id,
        UNNEST(concept.coding) AS coding
    FROM called
    UNION ALL
    SELECT
        medication_id,
        { 'system': NULL, 'code': NULL, 'display': concept.text } AS coding
    FROM called
    UNION ALL
    SELECT
        medication_id,
        -- one that says it is the name is one
        CASE
            WHEN identified.system LIKE '%name%'
                THEN { 'system': NULL, 'code': NULL, 'display': identified.value }
            ELSE { 'system': identified.system, 'code': identified.value, 'display': NULL }
        END AS coding
    FROM identity
),

known AS (
    SELECT
        medication_id,
        LIST(DISTINCT coding ORDER BY coding) AS codings
    FROM named
    WHERE coding.code IS NOT NULL OR coding.display IS NOT NULL
    GROUP BY medication_id
)

SELECT
    o.medication_id,
    CAST(TO_JSON({ 'coding': k.codings }) AS VARCHAR) AS concept,
    LENGTH(o.ingredient) > 0 AS is_mixture,
    o.batch,
    o.amount
FROM own AS o
LEFT JOIN known AS k ON o.medication_id = k.medication_id
