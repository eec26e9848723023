-- One row per distinct route text in the records, with the route it means, if any.
WITH recorded AS (
    SELECT route AS route_text
    FROM staged.infusion
    UNION
    SELECT route AS route_text
    FROM staged.dispensing
),

spelt AS (
    SELECT
        route_text,
        REGEXP_REPLACE(UPPER(route_text), '[^A-Z]', '', 'g') AS letters
    FROM recorded
    WHERE route_text IS NOT NULL
)

SELECT
    route_text,
    CASE
        WHEN
            letters IN ('IV', 'IVI', 'IVDRIP', 'IVPB', 'IVBOLUS', 'EV', 'ENDOVENOUS')
            OR STARTS_WITH(letters, 'IVINF')
            OR STARTS_WITH(letters, 'INTRAVENOUS')
            THEN 'IV'
        WHEN
            letters IN ('SC', 'SQ', 'SUBCUT', 'SUBQ', 'SCIG')
            OR STARTS_WITH(letters, 'SCINF')
            OR STARTS_WITH(letters, 'SUBCUTANEOUS')
            THEN 'SC'
        WHEN letters = 'IM' OR STARTS_WITH(letters, 'INTRAMUSC') THEN 'IM'
    END AS route
FROM spelt
