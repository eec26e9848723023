-- One row per vaccination: what it was, by its CVX code. `reading` is `live`, `exempt` (live, and
-- waits for nothing) or `unreadable` (no CVX code); NULL where the code list does not hold the
-- code, which is then of an inactivated vaccine.
WITH read AS (
    SELECT
        vaccination_key,
        patient_key,
        given_on,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(vaccine_code), '[0-9]{1,3}')
                THEN PRINTF('%02d', CAST(TRIM(vaccine_code) AS INTEGER))
        END AS cvx
    FROM staged.vaccination
)

SELECT
    r.vaccination_key,
    r.patient_key,
    r.given_on,
    CASE
        WHEN r.cvx IS NULL THEN 'unreadable'
        WHEN k.is_exempt THEN 'exempt'
        WHEN k.is_live THEN 'live'
    END AS reading,
    STRING_SPLIT(k.contains, ' ') AS components
FROM read AS r
LEFT JOIN guideline.vaccine AS k ON r.cvx = k.vaccine_code
