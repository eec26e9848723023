-- One row per vaccine rule and vaccination of a patient with a course before it, or with one that
-- begins soon after: the course whose delay ends last, surely and perhaps; what followed; whether
-- the vaccine came after an exposure, or the patient was treated for what a human must look at.
WITH ended AS (
    SELECT
        *,
        IF(min_months > 0, CAST(last_on + TO_MONTHS(min_months) AS DATE), started_on) AS surely_on,
        IF(max_months > 0, CAST(last_on + TO_MONTHS(max_months) AS DATE), started_on) AS perhaps_on
    FROM audit.vaccine_course
    WHERE started_on <= given_on
),

surest AS (
    SELECT * FROM ended
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY rule_key, vaccination_key
        ORDER BY min_months > 0 DESC, surely_on DESC, course_key DESC
    ) = 1
),

latest AS (
    SELECT * FROM ended
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY rule_key, vaccination_key
        ORDER BY max_months > 0 DESC, perhaps_on DESC, course_key DESC
    ) = 1
),

deficient AS (
    SELECT
        b.rule_key,
        b.vaccination_key,
        MIN(b.indication_code) AS indication_code
    FROM ended AS b
    INNER JOIN guideline.vaccine_asked AS q
        ON b.rule_key = q.rule_key AND b.indication_code = q.indication_code
    GROUP BY b.rule_key, b.vaccination_key
),

exposed AS (
    SELECT
        a.rule_key,
        a.vaccination_key,
        e.clinical_event_key,
        e.occurred_on
    FROM audit.vaccine_asked AS a
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.clinical_event AS e
        ON
            a.patient_key = e.patient_key
            AND a.given_on >= e.occurred_on
            AND a.given_on <= e.occurred_on + p.exposure_vaccine_days
    WHERE LIST_CONTAINS(a.components, REGEXP_EXTRACT(LOWER(e.event_code), '^(.*)_exposure$', 1))
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY a.rule_key, a.vaccination_key
        ORDER BY e.occurred_on DESC, e.clinical_event_key DESC
    ) = 1
),

longest AS (
    SELECT
        rule_key,
        CAST(MAX(months) AS INTEGER) AS months
    FROM guideline.vaccine_deferral
    GROUP BY rule_key
)

SELECT
    a.rule_key,
    a.set_key,
    a.vaccination_key,
    a.patient_key,
    a.given_on,
    a.reading,
    s.course_key AS surest_key,
    s.last_on,
    s.surely_on,
    s.total_g,
    s.weight_kg,
    s.n_rows,
    s.doubt AS surest_doubt,
    s.over_g_per_kg,
    s.up_to_g_per_kg,
    s.from_g_per_kg,
    s.min_months,
    l.course_key AS latest_key,
    l.perhaps_on,
    l.last_on AS latest_on,
    l.max_months,
    l.doubt AS dose_doubt,
    l.site_id,
    f.course_key AS follower_key,
    f.started_on AS followed_on,
    f.after_days,
    f.days_before_immunoglobulin,
    f.open_components,
    f.doubt AS answer_doubt,
    d.indication_code AS deficiency,
    e.clinical_event_key,
    e.occurred_on AS exposed_on,
    f.after_days < f.days_before_immunoglobulin
    AND f.open_components IS NOT NULL AS is_followed,
    CAST(a.given_on - TO_MONTHS(n.months) AS DATE) AS from_on,
    GREATEST(a.given_on, a.given_on + v.days_before_immunoglobulin) AS to_on
FROM audit.vaccine_asked AS a
INNER JOIN guideline.vaccine_interval AS v ON a.rule_key = v.rule_key
INNER JOIN longest AS n ON a.rule_key = n.rule_key
LEFT JOIN surest AS s
    ON a.rule_key = s.rule_key AND a.vaccination_key = s.vaccination_key
LEFT JOIN latest AS l
    ON a.rule_key = l.rule_key AND a.vaccination_key = l.vaccination_key
LEFT JOIN audit.vaccine_answer AS f
    ON a.rule_key = f.rule_key AND a.vaccination_key = f.vaccination_key
LEFT JOIN deficient AS d
    ON a.rule_key = d.rule_key AND a.vaccination_key = d.vaccination_key
LEFT JOIN exposed AS e
    ON a.rule_key = e.rule_key AND a.vaccination_key = e.vaccination_key
WHERE l.course_key IS NOT NULL OR f.course_key IS NOT NULL
