-- One row per patient among the ten† with most grams in the period: what most of them were for
-- (NULL: unknown) and for how many indications in all, in how many months of the calendar something
-- was given, and since when the patient is or was under treatment (`is_since_known` FALSE: since
-- then or longer).
WITH most AS (
    SELECT
        u.patient_key,
        u.grams,
        u.n_infusions,
        u.n_without_grams,
        ROW_NUMBER() OVER (ORDER BY u.grams DESC, u.patient_key ASC) AS place
    FROM temp.patient_use AS u
    WHERE u.grams IS NOT NULL
    QUALIFY place <= 10
),

given AS (
    SELECT
        i.patient_key,
        i.indication_code,
        i.started_on,
        i.dose_g
    FROM temp.counted_infusion AS i
    WHERE i.patient_key IN (SELECT m.patient_key FROM most AS m)
),

named AS (
    SELECT
        patient_key,
        indication_code,
        ROW_NUMBER() OVER (
            PARTITION BY patient_key
            ORDER BY SUM(dose_g) DESC NULLS LAST, indication_code ASC NULLS LAST
        ) AS place,
        COUNT(*) OVER (PARTITION BY patient_key) AS n_indications
    FROM given
    GROUP BY patient_key, indication_code
),

spread AS (
    SELECT
        patient_key,
        COUNT(DISTINCT DATE_TRUNC('month', started_on)) AS n_months,
        MAX(started_on) AS last_on
    FROM given
    GROUP BY patient_key
),

since AS (
    SELECT
        s.patient_key,
        MAX(s.started_on) AS since_on,
        ARG_MAX(s.entry, s.started_on) <> 'unknown' AS is_since_known
    FROM temp.treatment_spell AS s
    INNER JOIN spread AS p ON s.patient_key = p.patient_key AND s.started_on <= p.last_on
    GROUP BY s.patient_key
)

SELECT
    m.place,
    m.patient_key,
    m.grams,
    CAST(m.grams / NULLIF(u.grams, 0) AS DECIMAL(9, 6)) AS share_grams,
    m.n_infusions,
    m.n_without_grams,
    n.indication_code,
    i.name,
    n.n_indications,
    p.n_months,
    p.last_on,
    s.since_on,
    s.is_since_known
FROM most AS m
CROSS JOIN report.use_total AS u
INNER JOIN named AS n ON m.patient_key = n.patient_key AND n.place = 1
INNER JOIN spread AS p ON m.patient_key = p.patient_key
LEFT JOIN since AS s ON m.patient_key = s.patient_key
LEFT JOIN guideline.indication AS i ON n.indication_code = i.indication_code
