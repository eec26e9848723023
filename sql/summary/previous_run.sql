-- At most one row: the run this one is compared with, its period, and why the change of the headline
-- cannot be split, if so.
SELECT
    run_id,
    as_of,
    from_on,
    to_on,
    obstacle,
    detail
FROM audit.previous_run
