-- One row per line of the claims: whether it still stands, with its units after reversals.
-- `standing` is `stands` or why not; `doubt` why the units of a line that stands are not sure.
-- Of versions of a line the newest decided counts. Lines below zero are added to what the same
-- claim billed of the code on the day; what is left stands on the last line above zero.
WITH versioned AS (
    SELECT
        l.*,
        c.fate AS corrected,
        COUNT(*) OVER twin > 1 AS has_twin,
        BOOL_OR(l.is_netted AND l.n_units < 0) OVER net IS TRUE AS has_reversal,
        CAST(SUM(CASE WHEN l.is_netted THEN l.n_units END) OVER net AS BIGINT) AS net_units,
        BOOL_OR(l.is_netted AND l.n_units > 0) OVER net IS TRUE AS has_billed,
        MAX(l.adjudicated_day) OVER version AS newest_day,
        MIN(l.content_hash) OVER version = MAX(l.content_hash) OVER version AS is_same,
        BOOL_OR(l.adjudicated_day IS NULL) OVER version AS is_undated,
        MIN(l.content_hash) OVER version_day = MAX(l.content_hash) OVER version_day AS is_same_day,
        (l.is_netted AND l.status != 'reversed' AND l.n_units > 0) IS TRUE AS can_hold
    FROM step.line AS l
    LEFT JOIN step.corrected AS c ON l.claim_id = c.claim_id AND l.kind = c.kind
    WINDOW
        twin AS (PARTITION BY l.content_hash),
        net AS (
            PARTITION BY l.net_claim_id, l.patient_id, l.service_date, l.code, l.is_waste
        ),
        version AS (PARTITION BY l.claim_id, l.line_number, l.kind),
        version_day AS (PARTITION BY l.claim_id, l.line_number, l.kind, l.adjudicated_day)
),

held AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY net_claim_id, patient_id, service_date, code, is_waste, can_hold
            ORDER BY adjudicated_day DESC NULLS LAST, source_file DESC, source_row DESC
        ) AS from_last,
        -- the same line twice may be one line told twice or one billed again
        BOOL_OR(is_netted AND (n_units IS NULL OR (has_twin AND n_units > 0))) OVER (
            PARTITION BY net_claim_id, patient_id, service_date, code, is_waste
        ) AS is_unclear,
        -- among dated versions, is the newest day told once or by the same line twice?
        BOOL_AND(is_same_day OR adjudicated_day != newest_day) OVER (
            PARTITION BY claim_id, line_number, kind
        ) AND NOT is_undated AS is_ordered
    FROM versioned
)

SELECT
    * EXCLUDE ( -- noqa: AM04
        has_twin, is_unclear, has_billed, newest_day, is_same, is_undated, is_same_day,
        can_hold, from_last, is_ordered, corrected, net_units, has_reversal
    ),
    CASE WHEN has_reversal THEN net_units ELSE n_units END AS billed_units,
    has_reversal AS is_net,
    CASE
        WHEN status = 'unknown' THEN 'status_unknown'
        WHEN kind = 'unknown' THEN 'kind_unknown'
        WHEN NOT has_reversal AND NOT is_same AND is_ordered AND adjudicated_day < newest_day
            THEN 'superseded'
        WHEN status = 'denied' THEN 'denied'
        WHEN kind = 'void' THEN 'void'
        WHEN corrected IS NOT NULL THEN corrected
        WHEN status = 'reversed' OR n_units < 0 THEN 'reversed'
        WHEN
            has_reversal AND (net_units = 0 OR NOT can_hold OR from_last > 1)
            AND NOT is_unclear
            THEN 'reversed'
        ELSE 'stands'
    END AS standing,
    CASE
        WHEN has_reversal AND (is_unclear OR net_units < 0) THEN 'reversal_unclear'
        WHEN NOT has_reversal AND NOT is_same AND NOT is_ordered THEN 'versions_unordered'
    END AS doubt,
    -- it takes something back, and nothing here says what
    (
        kind = 'void' AND corrected IS NULL AND original_claim_id IS NULL
        AND status IN ('billed', 'reversed')
    )
    OR (is_netted AND n_units < 0 AND NOT has_billed) AS is_loose
FROM held
