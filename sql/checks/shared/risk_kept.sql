-- One row per patient and risk factor of whose deciding kind the patient has a record: the days for
-- which another record shows that such records were kept, near† for medicines, any time before for
-- what is lifelong. NULL where all are in a code system in which the code list has no sign of it.
WITH known AS (
    SELECT
        r.patient_key,
        s.risk_factor,
        r.record,
        r.first_on,
        r.last_on,
        r.code_system IS NULL OR LIST_CONTAINS(s.code_systems, r.code_system) AS is_legible
    FROM derived.patient_record AS r
    INNER JOIN audit.risk_sign AS s ON r.record = s.record
    WHERE s.risk_factor IN (SELECT p.risk_factor FROM guideline.precaution_risk AS p)
)

SELECT
    k.patient_key,
    k.risk_factor,
    MIN(
        k.first_on - IF(k.record = 'medication', p.medicine_proof_days, p.diagnosis_window_days)
    ) FILTER (WHERE k.is_legible) AS from_on,
    MAX(k.last_on + p.medicine_proof_days) FILTER (
        WHERE k.is_legible AND k.record = 'medication'
    ) AS to_on
FROM known AS k
CROSS JOIN guideline.policy AS p
GROUP BY k.patient_key, k.risk_factor
