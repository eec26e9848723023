-- Courses, weights and twelve checks by hand; the numbers are those of the default set.
CREATE TABLE bag AS
SELECT DISTINCT ON (infusion_id)
    infusion_id, patient_id, started_at, ended_at, dose_g, volume_ml, product_code,
    indication_code, status, lot_number, dispensing_id
FROM infusion
WHERE route = 'IV' AND dose_g < 1000 AND ended_at >= started_at
    AND product_code NOT IN ('Hizentra', 'PROD-0815');

CREATE TABLE session AS
WITH marked AS (
    SELECT *,
        started_at > LAG(ended_at) OVER p + INTERVAL 6 HOUR
        OR LAG(ended_at) OVER p IS NULL AS is_new
    FROM bag
    WINDOW p AS (PARTITION BY patient_id ORDER BY started_at)
),
numbered AS (
    SELECT *, SUM(is_new::INT) OVER (PARTITION BY patient_id ORDER BY started_at) AS n
    FROM marked
)
SELECT
    patient_id, n, MIN(started_at) AS started_at, MAX(ended_at) AS ended_at, SUM(dose_g) AS dose_g,
    BOOL_OR(status = 'stopped') AS is_stopped, MAX(indication_code) AS indication_code,
    BOOL_OR(volume_ml > 15 * dose_g AND product_code NOT LIKE '% 5 %') AS is_uncertain
FROM numbered
GROUP BY patient_id, n;

CREATE TABLE course AS
WITH marked AS (
    SELECT *,
        started_at::DATE - LAG(started_at::DATE) OVER p > 4
        OR LAG(started_at) OVER p IS NULL AS is_new
    FROM session
    WINDOW p AS (PARTITION BY patient_id ORDER BY started_at)
),
numbered AS (
    SELECT *, SUM(is_new::INT) OVER (PARTITION BY patient_id ORDER BY started_at) AS c
    FROM marked
),
grouped AS (
    SELECT
        patient_id, c, MIN(started_at) AS started_at, MAX(started_at) AS last_at,
        COUNT(*) AS n_days, SUM(dose_g) AS dose_g, MAX(dose_g) AS max_day_g,
        MIN(dose_g) AS min_day_g, BOOL_OR(is_stopped) AS is_stopped,
        BOOL_OR(is_uncertain) AS is_uncertain,
        MAX(indication_code) AS indication_code, MAX(ended_at) - MIN(started_at) AS lasted
    FROM numbered
    GROUP BY patient_id, c
)
SELECT *,
    started_at::DATE - LAG(started_at::DATE) OVER (PARTITION BY patient_id ORDER BY started_at)
        AS interval_days
FROM grouped;

CREATE TABLE judged AS
SELECT c.*, w.weight_kg, w.measured_at, c.dose_g / w.weight_kg AS g_per_kg
FROM course AS c
ASOF LEFT JOIN body_measurement AS w
    ON c.patient_id = w.patient_id AND c.started_at >= w.measured_at;

CREATE TABLE failed AS
SELECT 'dose high' AS failed, COUNT(*) AS n FROM judged
WHERE (indication_code = 'pid' AND g_per_kg > 0.66)
    OR (indication_code IN ('kawasaki', 'cidp', 'gbs', 'dermatomyositis', 'itp_adult')
        AND g_per_kg > 2.2)
UNION ALL
SELECT 'dose low', COUNT(*) FROM judged
WHERE NOT is_stopped AND ((indication_code = 'pid' AND g_per_kg < 0.27)
    OR (indication_code = 'kawasaki' AND g_per_kg < 1.8))
UNION ALL
SELECT 'interval early', COUNT(*) FROM judged WHERE indication_code = 'pid' AND interval_days < 17
UNION ALL
SELECT 'interval late', COUNT(*) FROM judged WHERE indication_code = 'pid' AND interval_days > 32
UNION ALL
SELECT 'too many days', COUNT(*) FROM judged WHERE n_days > 5
UNION ALL
SELECT 'duration', COUNT(*) FROM judged
WHERE indication_code = 'kawasaki' AND lasted NOT BETWEEN INTERVAL 10 HOUR AND INTERVAL 12 HOUR
UNION ALL
SELECT 'no aspirin', COUNT(*) FROM judged AS j
WHERE indication_code = 'kawasaki' AND NOT EXISTS (
    SELECT 1 FROM medication AS m
    WHERE m.patient_id = j.patient_id AND m.code IN ('B01AC06', 'N02BA01')
        AND m.started_at BETWEEN j.started_at - INTERVAL 7 DAY AND j.started_at + INTERVAL 7 DAY
)
UNION ALL
SELECT 'no weight', COUNT(*) FROM judged WHERE weight_kg IS NULL
UNION ALL
SELECT 'old weight', COUNT(*) FROM judged WHERE started_at::DATE - measured_at::DATE > 30
UNION ALL
SELECT 'no indication', COUNT(*) FROM judged WHERE indication_code IS NULL
UNION ALL
SELECT 'dose uncertain', COUNT(*) FROM judged WHERE is_uncertain
UNION ALL
SELECT 'lot differs', COUNT(*) FROM bag AS b INNER JOIN dispensing AS d USING (dispensing_id)
WHERE b.lot_number IS DISTINCT FROM d.lot_number
UNION ALL
SELECT 'no creatinine', COUNT(*) FROM judged AS j
LEFT JOIN (
    SELECT DISTINCT patient_id, collected_at::DATE AS on_day
    FROM lab_result WHERE test_code = '2160-0'
) AS l ON j.patient_id = l.patient_id AND j.started_at::DATE = l.on_day
WHERE l.on_day IS NULL;
