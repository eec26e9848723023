-- One row per vaccination a rule speaks of and course of the patient begun by that day or, where
-- the rule asks, soon after: how many calendar months the course defers a vaccine, by its total.
-- Where total, weight or indication are uncertain, the fewest and the most months that are
-- possible, and the reason. The next higher row of the country's table counts, beyond its last row
-- the last.
WITH own AS (
    -- indications that have rows of their own
    SELECT DISTINCT
        rule_key,
        indication_code
    FROM guideline.vaccine_deferral
    WHERE indication_code != 'any'
),

faced AS (
    SELECT
        a.rule_key,
        a.vaccination_key,
        a.given_on,
        c.course_key,
        c.started_on,
        c.last_on,
        c.indication_code,
        c.site_id,
        v.from_g_per_kg,
        c.known_dose_g AS low_g,
        CASE
            WHEN NOT (c.is_open OR c.is_start_truncated OR c.has_unresolved_bag) THEN c.dose_g
        END AS high_g,
        CASE WHEN w.is_stale THEN w.actual_kg * (1 - p.weight_sensitivity) ELSE w.actual_kg END
            AS low_kg,
        CASE WHEN w.is_stale THEN w.actual_kg * (1 + p.weight_sensitivity) ELSE w.actual_kg END
            AS high_kg,
        CASE
            WHEN w.actual_kg IS NULL THEN 'no_weight'
            WHEN c.is_dose_uncertain THEN 'dose_uncertain'
            WHEN c.dose_g IS NULL THEN 'no_dose'
            WHEN c.has_unresolved_bag THEN 'bag_unresolved'
            WHEN c.is_open THEN 'course_open'
            WHEN c.is_start_truncated THEN 'history_truncated'
            WHEN w.is_stale THEN 'weight_stale'
            WHEN c.indication_code IS NULL THEN 'no_indication'
        END AS doubt
    FROM audit.vaccine_asked AS a
    INNER JOIN guideline.vaccine_interval AS v ON a.rule_key = v.rule_key
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.course AS c
        ON
            a.patient_key = c.patient_key
            AND GREATEST(a.given_on, a.given_on + v.days_before_immunoglobulin) >= c.started_on
    SEMI JOIN guideline.rule_indication AS i
        ON a.rule_key = i.rule_key AND i.indication_code IN ('any', c.indication_code)
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
),

possible AS (
    SELECT
        b.*,
        (b.from_g_per_kg IS NULL OR b.low_g >= b.from_g_per_kg * b.high_kg) IS TRUE AS is_high,
        (b.high_g < b.from_g_per_kg * b.low_kg) IS TRUE AS is_low,
        d.over_g_per_kg,
        d.up_to_g_per_kg,
        d.months
    FROM faced AS b
    LEFT JOIN own AS o ON b.rule_key = o.rule_key AND b.indication_code = o.indication_code
    INNER JOIN guideline.vaccine_deferral AS d
        ON
            b.rule_key = d.rule_key
            AND (
                b.indication_code IS NULL
                OR COALESCE(o.indication_code, 'any') = d.indication_code
            )
            AND (b.high_g <= d.over_g_per_kg * b.low_kg) IS NOT TRUE
            AND (b.low_g > d.up_to_g_per_kg * b.high_kg) IS NOT TRUE
)

SELECT
    rule_key,
    vaccination_key,
    given_on,
    course_key,
    started_on,
    last_on,
    indication_code,
    site_id,
    doubt,
    from_g_per_kg,
    low_g AS total_g,
    CAST(low_kg AS DECIMAL(9, 3)) AS weight_kg,
    COUNT(*) AS n_rows,
    MIN(over_g_per_kg) AS over_g_per_kg,
    MAX(up_to_g_per_kg) AS up_to_g_per_kg,
    -- below the least dose that counts as high the vaccine waits for nothing
    CASE WHEN BOOL_AND(is_high) THEN MIN(months) ELSE 0 END AS min_months,
    CASE WHEN BOOL_AND(is_low) THEN 0 ELSE MAX(months) END AS max_months
FROM possible
GROUP BY
    rule_key,
    vaccination_key,
    given_on,
    course_key,
    started_on,
    last_on,
    indication_code,
    site_id,
    doubt,
    from_g_per_kg,
    low_g,
    low_kg
