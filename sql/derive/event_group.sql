-- One row per report of an adverse event, with the group of reports that tell of the same: same
-- patient, event and product, begun at most a day† after the first of them. A report without a
-- product joins those that name one if only one group lies within the day. Without an onset nobody
-- can tell, so that such a report stands by itself. A group's key is its first report's.
WITH RECURSIVE dated AS (
    SELECT
        adverse_event_key,
        patient_key,
        kind,
        product_id,
        onset_on
    FROM temp.event_reading
    WHERE onset_on IS NOT NULL
),

stated_first AS (
    SELECT
        patient_key,
        kind,
        product_id,
        MIN(onset_on) AS first_on
    FROM dated
    WHERE product_id IS NOT NULL
    GROUP BY patient_key, kind, product_id
    UNION ALL
    SELECT
        d.patient_key,
        d.kind,
        d.product_id,
        MIN(d.onset_on) AS first_on
    FROM stated_first AS f
    INNER JOIN dated AS d
        ON f.patient_key = d.patient_key AND f.kind = d.kind AND f.product_id = d.product_id
    WHERE d.onset_on > f.first_on + 1
    GROUP BY d.patient_key, d.kind, d.product_id
),

stated AS (
    SELECT
        d.adverse_event_key,
        d.patient_key,
        d.kind,
        d.product_id,
        f.first_on
    FROM dated AS d
    INNER JOIN stated_first AS f
        ON
            d.patient_key = f.patient_key
            AND d.kind = f.kind
            AND d.product_id = f.product_id
            AND d.onset_on >= f.first_on
            AND d.onset_on <= f.first_on + 1
),

tied AS (
    SELECT
        d.adverse_event_key,
        MIN(d.patient_key) AS patient_key,
        MIN(d.kind) AS kind,
        MIN(f.product_id) AS product_id,
        MIN(f.first_on) AS first_on
    FROM dated AS d
    INNER JOIN stated_first AS f
        ON
            d.patient_key = f.patient_key
            AND d.kind = f.kind
            AND d.onset_on >= f.first_on - 1
            AND d.onset_on <= f.first_on + 1
    WHERE d.product_id IS NULL
    GROUP BY d.adverse_event_key
    HAVING COUNT(*) = 1
),

loose AS (
    SELECT
        d.adverse_event_key,
        d.patient_key,
        d.kind,
        d.onset_on
    FROM dated AS d
    ANTI JOIN tied AS t ON d.adverse_event_key = t.adverse_event_key
    WHERE d.product_id IS NULL
),

loose_first AS (
    SELECT
        patient_key,
        kind,
        MIN(onset_on) AS first_on
    FROM loose
    GROUP BY patient_key, kind
    UNION ALL
    SELECT
        l.patient_key,
        l.kind,
        MIN(l.onset_on) AS first_on
    FROM loose_first AS f
    INNER JOIN loose AS l ON f.patient_key = l.patient_key AND f.kind = l.kind
    WHERE l.onset_on > f.first_on + 1
    GROUP BY l.patient_key, l.kind
),

gathered AS (
    SELECT * FROM stated
    UNION ALL
    SELECT * FROM tied
    UNION ALL
    SELECT
        l.adverse_event_key,
        l.patient_key,
        l.kind,
        NULL AS product_id,
        f.first_on
    FROM loose AS l
    INNER JOIN loose_first AS f
        ON
            l.patient_key = f.patient_key
            AND l.kind = f.kind
            AND l.onset_on >= f.first_on
            AND l.onset_on <= f.first_on + 1
)

SELECT
    adverse_event_key,
    MIN(adverse_event_key) OVER (PARTITION BY patient_key, kind, product_id, first_on) AS group_key
FROM gathered
UNION ALL
SELECT
    adverse_event_key,
    adverse_event_key AS group_key
FROM temp.event_reading
WHERE onset_on IS NULL
