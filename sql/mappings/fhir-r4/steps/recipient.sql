-- One row per patient who was given, was handed out or was to have an immune globulin we know.
SELECT patient_id
FROM step.weighed
WHERE is_globulin AND patient_id IS NOT NULL
UNION
SELECT patient_id
FROM step.handed
WHERE is_globulin AND patient_id IS NOT NULL
UNION
SELECT p.patient_id
FROM step.prescribed AS p
INNER JOIN step.drug AS d ON p.concept = d.concept
WHERE d.is_globulin AND p.standing = 'stands' AND p.patient_id IS NOT NULL
