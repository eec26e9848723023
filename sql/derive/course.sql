-- One row per course: the sessions of one patient that follow each other within the gap of their
-- indication. Its key is that of its first infusion.
-- Where the records may not show the whole course or what went before, the flags say so.
WITH gathered AS (
    SELECT
        c.*,
        h.earlier_course_key,
        h.earlier_started_on,
        h.earlier_last_on,
        h.episode_key,
        h.treatment_key,
        h.treatment_started_on,
        d.other_used_on,
        d.unknown_started_on,
        d.unknown_last_on,
        d.has_unresolved_bag IS TRUE AS has_unresolved_bag,
        IF(h.is_crowded, w.grams_28d, h.grams_28d) AS grams_28d,
        c.started_on - ours.loading_history_days AS history_from_on,
        ours.from_on,
        ours.to_on
    FROM temp.course_fact AS c
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN temp.course_history AS h ON c.course_key = h.course_key
    LEFT JOIN temp.course_window AS w ON c.course_key = w.course_key
    LEFT JOIN temp.course_doubt AS d ON c.course_key = d.course_key
),

placed AS (
    SELECT
        *,
        (covered_from_on <= history_from_on) IS TRUE AS has_history,
        CASE WHEN earlier_started_on >= history_from_on THEN earlier_course_key END
            AS previous_course_key,
        CASE
            WHEN earlier_started_on >= history_from_on
                THEN CAST(started_on - earlier_started_on AS INTEGER)
        END AS interval_days,
        -- what lies after the predecessor, or within the history where there is none
        CASE
            WHEN earlier_started_on >= history_from_on THEN earlier_started_on
            ELSE history_from_on - 1
        END AS looked_after_on,
        CASE
            WHEN earlier_last_on >= history_from_on THEN 'maintenance'
            -- what may have been treatment for it proves neither
            WHEN GREATEST(unknown_last_on, other_used_on) >= history_from_on THEN NULL
            WHEN covered_from_on <= history_from_on AND indication_code IS NOT NULL
                THEN 'loading'
        END AS derived_phase
    FROM gathered
),

preceded AS (
    SELECT
        *,
        CASE
            WHEN indication_code IS NULL THEN NULL
            WHEN other_used_on > looked_after_on THEN 'subcutaneous_between'
            WHEN unknown_started_on > looked_after_on THEN 'unknown_between'
            WHEN previous_course_key IS NOT NULL THEN 'known'
            WHEN has_history THEN 'first'
            ELSE 'history_truncated'
        END AS interval_status
    FROM placed
),

-- nothing the records show, or could have shown, went before the first course of these treatments
begun AS (
    SELECT treatment_key
    FROM preceded
    WHERE course_key = treatment_key AND interval_status = 'first'
)

SELECT
    p.course_key,
    p.patient_key,
    p.course_key AS first_infusion_key,
    p.started_on,
    p.last_on,
    p.n_sessions,
    p.n_infusions,
    p.n_days,
    p.dose_g,
    p.known_dose_g,
    p.max_day_g,
    p.min_day_g,
    p.is_stopped,
    p.is_dose_uncertain,
    (p.last_on + p.course_gap_days <= p.covered_to_on) IS NOT TRUE AS is_open,
    (p.started_on - p.course_gap_days >= p.covered_from_on) IS NOT TRUE AS is_start_truncated,
    NOT p.has_history AND p.earlier_course_key IS NULL AS is_history_truncated,
    p.indication_code,
    p.indication_source,
    CASE
        WHEN p.is_phase_mixed THEN NULL
        WHEN p.first_phase IS NOT NULL THEN p.first_phase
        WHEN p.is_approved_phase_mixed THEN NULL
        WHEN p.first_approved_phase IS NOT NULL THEN p.first_approved_phase
        ELSE p.derived_phase
    END AS phase,
    CASE
        WHEN p.is_phase_mixed THEN NULL
        WHEN p.first_phase IS NOT NULL THEN 'recorded'
        WHEN p.is_approved_phase_mixed THEN NULL
        WHEN p.first_approved_phase IS NOT NULL THEN 'authorisation'
        WHEN p.derived_phase IS NOT NULL THEN 'derived'
    END AS phase_source,
    p.previous_course_key,
    p.interval_days,
    p.interval_status,
    p.grams_28d,
    p.vial_step_g,
    p.product_id,
    p.age_years,
    p.is_age_estimated,
    p.sex,
    p.site_id,
    COALESCE(p.episode_key, p.course_key) AS episode_key,
    -- a course of its episode that the records do not show would change what this one is
    (p.covered_from_on <= p.started_on - p.episode_window_days) IS TRUE AS is_episode_start_seen,
    (p.covered_to_on >= p.started_on + p.episode_window_days) IS TRUE AS is_episode_end_seen,
    p.treatment_key,
    p.treatment_started_on,
    b.treatment_key IS NOT NULL AS is_treatment_start_known,
    q.course_key IS NOT NULL AS has_quarantined_row,
    p.has_unresolved_bag,
    (p.started_on < p.from_on) IS NOT TRUE AND (p.started_on > p.to_on) IS NOT TRUE
        AS is_in_period
FROM preceded AS p
LEFT JOIN begun AS b ON p.treatment_key = b.treatment_key
LEFT JOIN temp.course_quarantine AS q ON p.course_key = q.course_key
