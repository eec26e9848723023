-- One row per closed month of the last twelve† that was looked at: how many comparisons were made,
-- how many of them could have signalled, and the chance at which one did.
WITH newest AS (
    SELECT CAST(MAX(look_on) - INTERVAL 11 MONTH AS DATE) AS from_on
    FROM audit.signal_month
)

SELECT s.* -- noqa: AM04
FROM audit.signal_month AS s
INNER JOIN newest AS n ON s.look_on >= n.from_on
