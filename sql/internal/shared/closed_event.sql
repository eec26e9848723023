-- One row per detected event of an exposure that began in a closed month. An observation is none.
SELECT e.* -- noqa: AM04
FROM audit.detected_event AS e
SEMI JOIN temp.closed_exposure AS c
    ON e.subject_kind = c.subject_kind AND e.subject_key = c.subject_key
WHERE NOT e.is_observation
