-- One row per setting in force. Those of `policy` are ours (†): no guideline states them.
SELECT
    name,
    value,
    origin,
    name LIKE 'policy.%' AS is_own_policy
FROM audit.setting
