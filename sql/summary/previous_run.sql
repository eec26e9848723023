-- One row for the run this one is compared with, if any: its period, and why the change of the
-- headline cannot be split, where it cannot.
SELECT
    run_id,
    as_of,
    from_on,
    to_on,
    obstacle,
    detail
FROM audit.previous_run
