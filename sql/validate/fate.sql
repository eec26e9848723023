-- One row per version of a record that shares its identity with another or was withdrawn, and
-- what becomes of it: kept, duplicate, superseded, deleted, or conflicting_duplicate.
-- Reads `rival`, made from the typed rows. The newest version wins; without a time of
-- recording two different versions cannot be ordered, and none of them is trusted.
WITH placed AS (
    SELECT
        rival.row_no,
        rival.recorded_at,
        BOOL_OR(rival.is_deleted) OVER identity AS has_deleted,
        BOOL_OR(rival.recorded_at IS NULL) OVER identity AS is_unordered,
        MIN(rival.content_hash) OVER identity
        = MAX(rival.content_hash) OVER identity AS is_same,
        MAX(rival.recorded_at) OVER identity AS newest_at,
        MIN(rival.row_no) OVER identity AS first_row_no,
        BOOL_OR(rival.is_deleted) OVER version AS has_deleted_now,
        MIN(rival.content_hash) OVER version = MAX(rival.content_hash) OVER version AS is_same_now,
        MIN(rival.row_no) OVER version AS first_row_no_now,
        rival.record_identity
    FROM rival
    WINDOW
        identity AS (PARTITION BY rival.record_identity),
        version AS (PARTITION BY rival.record_identity, rival.recorded_at)
),

newest AS (
    SELECT
        placed.*,
        BOOL_OR(placed.has_deleted_now AND placed.recorded_at = placed.newest_at)
            OVER (PARTITION BY placed.record_identity) AS ends_deleted,
        BOOL_AND(placed.is_same_now OR placed.recorded_at <> placed.newest_at)
            OVER (PARTITION BY placed.record_identity) AS ends_clear
    FROM placed
)

SELECT
    newest.row_no,
    CASE
        WHEN newest.has_deleted AND (newest.is_unordered OR newest.ends_deleted) THEN 'deleted'
        WHEN newest.is_same AND NOT newest.has_deleted
            THEN CASE WHEN newest.row_no = newest.first_row_no THEN 'kept' ELSE 'duplicate' END
        WHEN newest.is_unordered OR NOT newest.ends_clear THEN 'conflicting_duplicate'
        WHEN newest.recorded_at < newest.newest_at THEN 'superseded'
        WHEN newest.row_no = newest.first_row_no_now THEN 'kept'
        ELSE 'duplicate'
    END AS fate
FROM newest
