-- One row per merge of patient identifiers and the identifier its chain of merges ends at.
-- Reads `merge_step` without circles.
WITH RECURSIVE chain AS (
    SELECT
        merge_step.row_no,
        merge_step.id_scope,
        merge_step.merged_id AS patient_id,
        merge_step.surviving_id AS end_id
    FROM merge_step
    UNION ALL
    SELECT
        chain.row_no,
        chain.id_scope,
        chain.patient_id,
        merge_step.surviving_id AS end_id
    FROM chain
    INNER JOIN merge_step
        ON
            chain.id_scope = merge_step.id_scope
            AND chain.end_id = merge_step.merged_id
)

SELECT
    chain.row_no,
    chain.id_scope,
    chain.patient_id,
    chain.end_id
FROM chain
LEFT JOIN merge_step
    ON
        chain.id_scope = merge_step.id_scope
        AND chain.end_id = merge_step.merged_id
WHERE merge_step.row_no IS NULL
