-- One row per request for immunoglobulin: for what, what was decided, and from which day it helps.
-- An approval holds from `valid_from`, or from its decision where that is not recorded; before the
-- day it was decided (`came_on`) nobody could have known it. Both are NULL when it has no dates.
SELECT
    a.authorisation_key,
    a.patient_key,
    t.indication_code,
    a.indication_code IS NOT NULL AND t.indication_code IS NULL AS is_indication_unread,
    a.decision,
    -- as the source words it: "emergency", "Urgent (24 h)"; "non-urgent" is not
    REGEXP_MATCHES(LOWER(TRIM(a.urgency)), '^(emergen|urgent)') IS TRUE AS is_emergency,
    a.requested_on,
    a.decided_on,
    COALESCE(a.valid_from, a.decided_on) AS from_on,
    a.valid_to AS to_on,
    GREATEST(COALESCE(a.valid_from, a.decided_on), a.decided_on) AS came_on,
    LEAST(a.requested_on, a.decided_on, a.valid_from, a.valid_to) AS first_on,
    GREATEST(a.requested_on, a.decided_on, a.valid_from, a.valid_to) AS last_on,
    a.dose_g_per_kg,
    a.dose_g,
    a.interval_days,
    a.n_courses,
    a.consent_on
FROM staged.authorisation AS a
LEFT JOIN temp.indication_text AS t ON a.indication_code = t.indication_text
