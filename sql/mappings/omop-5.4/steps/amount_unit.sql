-- One row per way to write a unit of an amount, with what one of it is.
-- Concept ids of units are those of UCUM in the OMOP vocabularies, so that they can be read where
-- the table `concept` is not supplied.
SELECT
    written,
    measure,
    CAST(factor AS DECIMAL(10, 6)) AS factor -- of grams or of millilitres
FROM (
    VALUES
    ('8504', 'mass', 1), ('g', 'mass', 1), ('gm', 'mass', 1), ('gram', 'mass', 1),
    ('grams', 'mass', 1),
    ('8576', 'mass', 0.001), ('mg', 'mass', 0.001), ('milligram', 'mass', 0.001),
    ('milligrams', 'mass', 0.001),
    ('9655', 'mass', 0.000001), ('ug', 'mass', 0.000001), ('mcg', 'mass', 0.000001),
    ('8587', 'volume', 1), ('ml', 'volume', 1), ('milliliter', 'volume', 1),
    ('millilitre', 'volume', 1), ('milliliters', 'volume', 1), ('millilitres', 'volume', 1),
    ('8519', 'volume', 1000), ('l', 'volume', 1000),
    ('vial', 'piece', 1), ('vials', 'piece', 1), ('{vial}', 'piece', 1), ('bottle', 'piece', 1),
    ('bottles', 'piece', 1), ('{bottle}', 'piece', 1), ('each', 'piece', 1), ('ea', 'piece', 1),
    ('{each}', 'piece', 1)
) AS told (written, measure, factor) -- noqa: AL05
