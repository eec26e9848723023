-- One row per course with what it was given for, how old the patient was and the period around
-- its start for which the records are complete at its site.
-- What the bags or their authorisations state goes before any diagnosis code, also when they
-- contradict each other.
WITH spanned AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.started_on,
        c.last_on,
        c.n_sessions,
        c.n_infusions,
        c.n_days,
        c.dose_g,
        c.known_dose_g,
        c.max_day_g,
        c.min_day_g,
        c.is_stopped,
        c.is_dose_uncertain,
        c.first_phase,
        c.is_phase_mixed,
        c.first_approved_phase,
        c.is_approved_phase_mixed,
        c.vial_step_g,
        c.site_id,
        CASE WHEN NOT c.is_product_mixed THEN c.first_product END AS product_id,
        CASE
            WHEN c.first_indication IS NULL THEN d.indication_code
            WHEN NOT c.is_indication_mixed THEN c.first_indication
        END AS indication_code,
        CASE
            WHEN c.first_indication IS NULL AND d.indication_code IS NOT NULL THEN 'diagnosis'
            WHEN c.first_indication IS NULL THEN NULL
            WHEN c.is_indication_mixed THEN 'conflict'
            WHEN c.is_indication_on_infusion THEN 'infusion'
            ELSE 'authorisation'
        END AS indication_source
    FROM temp.course_span AS c
    LEFT JOIN temp.course_indication AS d ON c.course_key = d.course_key
)

SELECT
    c.course_key,
    c.patient_key,
    c.started_on,
    c.last_on,
    c.n_sessions,
    c.n_infusions,
    c.n_days,
    c.dose_g,
    c.known_dose_g,
    c.max_day_g,
    c.min_day_g,
    c.is_stopped,
    c.is_dose_uncertain,
    c.first_phase,
    c.is_phase_mixed,
    c.first_approved_phase,
    c.is_approved_phase_mixed,
    c.vial_step_g,
    c.site_id,
    c.product_id,
    c.indication_code,
    c.indication_source,
    p.sex,
    p.is_age_estimated,
    CAST(DATE_SUB('year', p.born_on, c.started_on) AS INTEGER) AS age_years,
    v.covered_from_on,
    v.covered_to_on,
    COALESCE(i.course_gap_days, ours.course_gap_days) AS course_gap_days,
    COALESCE(i.episode_window_days, ours.episode_window_days) AS episode_window_days
FROM spanned AS c
CROSS JOIN guideline.policy AS ours
LEFT JOIN guideline.indication AS i ON c.indication_code = i.indication_code
LEFT JOIN temp.patient_age AS p ON c.patient_key = p.patient_key
LEFT JOIN temp.site_coverage AS v
    ON c.started_on = v.started_on AND c.site_id IS NOT DISTINCT FROM v.site_id
