-- One row per rule of approvals and course, or request that a record names: was there an approval
-- in time, was it kept to, does the one that is named hold?
SELECT * -- noqa: AM04
FROM audit.approval_given
UNION ALL BY NAME
SELECT *
FROM audit.approval_kept
UNION ALL BY NAME
SELECT *
FROM audit.approval_named
