-- One row for the run before, if any: what stands in the way of comparing findings with it
-- (`obstacle`), or what besides records and rules is another (`cause`, with its particulars).
SELECT
    run_id,
    as_of,
    from_on,
    to_on,
    obstacle,
    cause,
    detail
FROM audit.history_before
