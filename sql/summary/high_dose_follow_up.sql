-- One row per class of blood group and test after a high dose: the closed courses of the period
-- from the least dose that a loaded monitoring rule waits for, how many had a test of it on the
-- days after the last infusion, and the middle one of the days to the first. Most haemolysis shows
-- on days 5 to 10 (Pendergrast, abstract: 84 %), a window that the reference derived and no issuer
-- printed: so it is counted here and asked by no rule. One may have been taken elsewhere.
WITH least AS (
    SELECT MIN(dose_from_g_per_kg) AS dose_from_g_per_kg
    FROM guideline.monitoring
),

high AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.last_on,
        CASE
            WHEN p.blood_group = 'O' THEN 'O'
            WHEN p.blood_group IS NOT NULL THEN 'A, B or AB'
            ELSE 'unknown'
        END AS blood_group
    FROM derived.course AS c
    CROSS JOIN least AS l
    INNER JOIN derived.course_weight AS w ON c.course_key = w.course_key
    INNER JOIN staged.patient AS p ON c.patient_key = p.patient_key
    WHERE
        c.is_in_period
        AND NOT c.is_open
        AND NOT w.is_stale
        AND c.known_dose_g >= l.dose_from_g_per_kg * w.actual_kg
),

looked AS (
    SELECT
        analyte,
        CASE
            WHEN analyte IN ('hb', 'hct') THEN 1
            WHEN analyte LIKE 'retic%' THEN 2
            WHEN analyte = 'dat' THEN 3
            ELSE 4
        END AS place,
        CASE
            WHEN analyte IN ('hb', 'hct') THEN 'haemoglobin or haematocrit'
            WHEN analyte LIKE 'retic%' THEN 'reticulocytes'
            WHEN analyte = 'dat' THEN 'direct antiglobulin test'
            ELSE 'creatinine'
        END AS test
    FROM guideline.lab_analyte
    WHERE analyte IN ('hb', 'hct', 'retic_abs', 'retic_pct', 'dat', 'creatinine')
),

test AS (
    SELECT DISTINCT
        place,
        test
    FROM looked
),

tested AS (
    SELECT
        k.place,
        h.blood_group,
        h.course_key,
        MIN(r.collected_on - h.last_on) AS first_day,
        BOOL_OR(r.collected_on - h.last_on <= 4) AS is_early,
        BOOL_OR(r.collected_on - h.last_on BETWEEN 5 AND 10) AS is_in_window
    FROM high AS h
    INNER JOIN derived.lab_result AS r
        ON
            h.patient_key = r.patient_key
            AND h.last_on < r.collected_on
            AND h.last_on + 28 >= r.collected_on
    INNER JOIN looked AS k ON r.analyte = k.analyte
    GROUP BY k.place, h.blood_group, h.course_key
),

followed AS (
    SELECT
        place,
        blood_group,
        COUNT(*) FILTER (WHERE is_early) AS n_days_1_to_4,
        COUNT(*) FILTER (WHERE is_in_window) AS n_days_5_to_10,
        COUNT(*) AS n_days_1_to_28,
        QUANTILE_DISC(first_day, 0.5) AS middle_first_day
    FROM tested
    GROUP BY place, blood_group
),

-- every test is asked of the same courses
asked AS (
    SELECT
        blood_group,
        COUNT(*) AS n_courses,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM high
    GROUP BY blood_group
)

SELECT
    a.blood_group,
    k.place,
    k.test,
    l.dose_from_g_per_kg,
    a.n_courses,
    a.n_patients,
    -- no test is known to be none: a true zero
    CASE WHEN f.place IS NULL THEN 0 ELSE f.n_days_1_to_4 END AS n_days_1_to_4,
    CASE WHEN f.place IS NULL THEN 0 ELSE f.n_days_5_to_10 END AS n_days_5_to_10,
    CASE WHEN f.place IS NULL THEN 0 ELSE f.n_days_1_to_28 END AS n_days_1_to_28,
    f.middle_first_day
FROM asked AS a
CROSS JOIN least AS l
CROSS JOIN test AS k
LEFT JOIN followed AS f ON a.blood_group = f.blood_group AND k.place = f.place
