-- One row per rule and subject it could apply to, with text ids, ordered for the file.
SELECT *
FROM audit.verdict_named
ORDER BY ALL
