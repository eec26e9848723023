-- One row per test code in the results that no code list knows, half-typed ones among them: how
-- many results carry it. They stay in staged.lab_result and are read by nothing.
SELECT
    test_code,
    COUNT(*) AS n
FROM staged.lab_result
WHERE
    test_code NOT IN (SELECT c.test_code FROM guideline.lab_test AS c)
    AND test_code NOT IN (SELECT i.test_code FROM guideline.immunity_test AS i)
GROUP BY test_code
