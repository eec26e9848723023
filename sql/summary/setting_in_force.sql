-- One row per setting in force. Those of `policy` are ours (†): no guideline states them. Who
-- approved an internal edition stands there and in the manifest, and on no other page.
SELECT
    name,
    value,
    origin,
    name LIKE 'policy.%' AS is_own_policy
FROM audit.setting
WHERE name != 'run.approved_by'
