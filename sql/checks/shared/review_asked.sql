-- One row per review rule and treatment with a course of the period it could apply to: what the
-- reviews and doses of the treatment show, and when the next review and the next trial of less
-- were due. What was measured near the first course is a baseline†, no review.
WITH applied AS (
    SELECT
        a.set_key,
        a.rule_key,
        a.reason,
        c.treatment_key,
        c.course_key,
        c.patient_key,
        c.site_id,
        c.started_on AS latest_on
    FROM audit.applicable AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    WHERE a.kind = 'review' AND a.reason IS NULL AND c.treatment_key IS NOT NULL
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY a.rule_key, c.treatment_key ORDER BY c.started_on DESC, c.course_key DESC
        ) = 1
),

asked AS (
    SELECT
        a.*,
        t.indication_code,
        t.started_on,
        t.is_start_known,
        s.first_within_months,
        s.every_months,
        s.needs_outcome,
        s.withdrawal_trial_every_months,
        s.withdrawal_trials_enough,
        r.condition IS NOT NULL AS is_conditional,
        p.as_of,
        p.review_tolerance_days,
        p.review_proof_days,
        -- a review before the records begin may be of the same treatment
        CASE
            WHEN t.is_start_known THEN t.started_on + p.review_baseline_days
            ELSE t.started_on - p.review_proof_days
        END AS after_on
    FROM applied AS a
    INNER JOIN derived.treatment AS t ON a.treatment_key = t.treatment_key
    INNER JOIN guideline.review_schedule AS s ON a.rule_key = s.rule_key
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    CROSS JOIN guideline.policy AS p
),

own AS (
    -- reviews of the treatment; one that names no indication may be about it
    SELECT
        a.rule_key,
        a.treatment_key,
        a.review_tolerance_days,
        r.reviewed_on,
        r.outcome_review_key,
        r.has_outcome,
        r.is_reduced,
        MAX(r.reviewed_on) OVER (PARTITION BY a.rule_key, a.treatment_key) AS last_review_on
    FROM asked AS a
    INNER JOIN derived.treatment_review AS r
        ON
            a.patient_key = r.patient_key
            AND (r.indication_code IS NULL OR a.indication_code = r.indication_code)
            AND a.after_on < r.reviewed_on
            AND a.as_of >= r.reviewed_on
),

reviewed AS (
    SELECT
        rule_key,
        treatment_key,
        MIN(last_review_on) AS last_review_on,
        MAX(outcome_review_key) FILTER (WHERE reviewed_on = last_review_on) AS last_review_key,
        -- a measure may be entered some days before the visit is closed
        BOOL_OR(has_outcome AND reviewed_on >= last_review_on - review_tolerance_days)
            AS has_outcome
    FROM own
    GROUP BY rule_key, treatment_key
),

trial AS (
    -- trials of less or none: decided at a review, or seen in the grams
    SELECT
        rule_key,
        treatment_key,
        reviewed_on AS tried_on,
        'outcome_review' AS record,
        outcome_review_key AS record_key
    FROM own
    WHERE is_reduced
    UNION ALL
    SELECT
        a.rule_key,
        a.treatment_key,
        d.started_on AS tried_on,
        'course' AS record,
        d.course_key AS record_key
    FROM asked AS a
    INNER JOIN derived.dose_reduction AS d ON a.treatment_key = d.treatment_key
),

tried AS (
    SELECT
        rule_key,
        treatment_key,
        MAX(tried_on) AS last_trial_on,
        MAX((tried_on, record, record_key)) AS last_trial,
        COUNT(DISTINCT tried_on) AS n_trials
    FROM trial
    GROUP BY rule_key, treatment_key
),

seen AS (
    -- any review of the patient near the treatment† shows that theirs are recorded
    SELECT DISTINCT
        a.rule_key,
        a.treatment_key
    FROM asked AS a
    INNER JOIN derived.treatment_review AS r
        ON
            a.patient_key = r.patient_key
            AND r.reviewed_on BETWEEN a.started_on - a.review_proof_days
            AND a.latest_on + a.review_proof_days
),

timed AS (
    SELECT
        a.*,
        r.last_review_on,
        r.last_review_key,
        r.has_outcome IS TRUE AS has_outcome,
        t.last_trial_on,
        t.last_trial[2] AS last_trial_record,
        t.last_trial[3] AS last_trial_key,
        t.n_trials >= a.withdrawal_trials_enough IS TRUE AS has_tried_enough,
        s.rule_key IS NOT NULL AS has_any_review,
        COALESCE(r.last_review_on, a.started_on) AS review_from_on,
        COALESCE(t.last_trial_on, a.started_on) AS trial_from_on,
        CASE
            WHEN r.last_review_on IS NOT NULL THEN a.every_months
            WHEN a.is_start_known THEN COALESCE(a.first_within_months, a.every_months)
            ELSE GREATEST(a.first_within_months, a.every_months)
        END AS review_months
    FROM asked AS a
    LEFT JOIN reviewed AS r ON a.rule_key = r.rule_key AND a.treatment_key = r.treatment_key
    LEFT JOIN tried AS t ON a.rule_key = t.rule_key AND a.treatment_key = t.treatment_key
    LEFT JOIN seen AS s ON a.rule_key = s.rule_key AND a.treatment_key = s.treatment_key
)

SELECT
    *,
    CAST(review_from_on + TO_MONTHS(review_months) AS DATE) AS review_due_on,
    CAST(trial_from_on + TO_MONTHS(withdrawal_trial_every_months) AS DATE) AS trial_due_on
FROM timed
