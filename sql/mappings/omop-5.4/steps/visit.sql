-- One row per visit, with what a drug exposure takes from it. An id standing twice tells nothing.
SELECT
    visit_occurrence_id,
    MIN(visit_concept_id) AS visit_concept_id,
    NULLIF(MIN(care_site_id), '0') AS care_site_id
FROM raw.visit_occurrence
GROUP BY visit_occurrence_id
HAVING COUNT(*) = 1
