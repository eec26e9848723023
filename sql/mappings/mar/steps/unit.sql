-- One row per way to write the unit of a dose or a rate, with its size in grams, millilitres or
-- millilitres an hour. Rates per kilogram need a weight and are not read.
SELECT
    written,
    measure,
    CAST(factor AS DECIMAL(9, 3)) AS factor
FROM (
    VALUES
    ('g', 'mass', 1), ('gm', 'mass', 1), ('gram', 'mass', 1), ('grams', 'mass', 1),
    ('mg', 'mass', 0.001),
    ('ml', 'volume', 1), ('l', 'volume', 1000),
    ('ml/h', 'rate', 1), ('ml/hr', 'rate', 1), ('ml/hour', 'rate', 1), ('ml/min', 'rate', 60)
) AS told (written, measure, factor) -- noqa: AL05
