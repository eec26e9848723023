-- One row per bag or issue that may be one charted again: another before it agrees in patient,
-- product, grams and start to the minute, or in the day where no hour is known, and no lot, vials
-- or issue tells the two apart. Two bottles hung together look the same: nobody can tell.
WITH crowded AS (
    -- the days of patients with more than one: few
    SELECT
        patient_key,
        started_on
    FROM derived.infusion
    WHERE session_key IS NOT NULL
    GROUP BY patient_key, started_on
    HAVING COUNT(*) > 1
),

bag AS MATERIALIZED (
    SELECT
        i.record,
        i.infusion_key,
        i.patient_key,
        i.course_key,
        i.session_key,
        i.product_id,
        i.started_on,
        DATE_TRUNC('minute', i.started_at) AS minute_at,
        i.dose_g
    FROM derived.infusion AS i
    SEMI JOIN crowded AS c ON i.patient_key = c.patient_key AND i.started_on = c.started_on
    WHERE i.session_key IS NOT NULL
),

pair AS (
    SELECT
        d.*,
        b.infusion_key AS before_key
    FROM bag AS d
    INNER JOIN bag AS b
        ON
            d.patient_key = b.patient_key
            AND d.started_on = b.started_on
            AND d.minute_at IS NOT DISTINCT FROM b.minute_at
            AND d.product_id = b.product_id
            AND d.record = b.record
            AND d.dose_g = b.dose_g
            AND d.infusion_key > b.infusion_key
),

asked AS (
    SELECT
        record,
        infusion_key
    FROM pair
    UNION
    SELECT
        record,
        before_key AS infusion_key
    FROM pair
),

-- what is written on a bag: nothing tells as little as the same
label AS (
    SELECT
        a.record,
        a.infusion_key,
        STRING_AGG(DISTINCT l.lot, ' ' ORDER BY l.lot) AS lots,
        STRING_AGG(
            DISTINCT l.n_vials || ' of ' || l.vial_size_g, ' '
            ORDER BY l.n_vials || ' of ' || l.vial_size_g
        ) AS vials,
        CASE WHEN a.record = 'infusion' THEN MIN(i.dispensing_id) END AS issue
    FROM asked AS a
    LEFT JOIN derived.lot AS l ON a.record = l.record AND a.infusion_key = l.record_key
    LEFT JOIN staged.infusion AS i ON a.infusion_key = i.infusion_key
    GROUP BY a.record, a.infusion_key
)

SELECT DISTINCT
    p.record,
    p.infusion_key,
    p.patient_key,
    p.course_key,
    p.session_key,
    p.product_id,
    p.started_on,
    p.dose_g
FROM pair AS p
INNER JOIN label AS d ON p.record = d.record AND p.infusion_key = d.infusion_key
INNER JOIN label AS b ON p.record = b.record AND p.before_key = b.infusion_key
WHERE
    (d.lots != b.lots) IS NOT TRUE
    AND (d.vials != b.vials) IS NOT TRUE
    AND (d.issue != b.issue) IS NOT TRUE
