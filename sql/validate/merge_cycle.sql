-- One row per merge of patient identifiers that runs in a circle: following the survivors
-- leads back to the identifier given up.
WITH RECURSIVE chain AS (
    SELECT
        merge_step.row_no,
        merge_step.id_scope,
        merge_step.merged_id,
        merge_step.surviving_id AS reached_id
    FROM merge_step
    UNION
    SELECT
        chain.row_no,
        chain.id_scope,
        chain.merged_id,
        merge_step.surviving_id AS reached_id
    FROM chain
    INNER JOIN merge_step
        ON
            chain.id_scope = merge_step.id_scope
            AND chain.reached_id = merge_step.merged_id
)

SELECT DISTINCT chain.row_no
FROM chain
WHERE chain.reached_id = chain.merged_id
