-- One row per finding, with real ids: for the run folder only.
SELECT *
FROM audit.finding
ORDER BY finding_key
