-- One row per review rule and treatment with a course of the period: was it reviewed in time, did
-- the review say whether it helped, was less ever tried? The subject is the treatment's first
-- course, so that the finding keeps its name; it is judged at the first course after a review
-- became overdue. Months are calendar months, and a review may be some days† late.
-- That a review is missing needs proof: reviews are complete for those months, and another review
-- of the patient is on record. Nothing here accuses.
WITH asked AS MATERIALIZED (
    SELECT *
    FROM audit.review_asked
),

late AS (
    -- the first course after a review, or a trial of less, was overdue; before all the first of
    -- which that can be proven: a review before the months looked at would be overdue itself
    SELECT
        a.rule_key,
        a.treatment_key,
        MIN(c.started_on) FILTER (WHERE c.started_on > a.review_due_on + a.review_tolerance_days)
            AS review_late_on,
        MIN(c.started_on) FILTER (WHERE c.started_on > a.trial_due_on + a.review_tolerance_days)
            AS trial_late_on,
        MIN(c.started_on) FILTER (
            WHERE
            c.started_on > a.review_due_on + a.review_tolerance_days
            AND c.started_on - TO_MONTHS(a.review_months) - TO_DAYS(a.review_tolerance_days)
            >= v.from_on
        ) AS review_proven_on,
        MIN(c.started_on) FILTER (
            WHERE
            c.started_on > a.trial_due_on + a.review_tolerance_days
            AND c.started_on - TO_MONTHS(a.withdrawal_trial_every_months)
            - TO_DAYS(a.review_tolerance_days) >= v.from_on
        ) AS trial_proven_on,
        MAX(c.started_on) FILTER (WHERE c.started_on <= a.last_review_on) AS reviewed_course_on
    FROM asked AS a
    INNER JOIN derived.course AS c
        ON a.treatment_key = c.treatment_key AND a.latest_on >= c.started_on
    LEFT JOIN staged.coverage AS v
        ON
            v.record = 'outcome_review'
            AND (v.site_id IS NULL OR a.site_id = v.site_id)
            AND c.started_on <= v.to_on
    GROUP BY a.rule_key, a.treatment_key
),

failed AS (
    SELECT
        a.*,
        COALESCE(l.review_proven_on, l.review_late_on) AS review_late_on,
        COALESCE(l.trial_proven_on, l.trial_late_on) AS trial_late_on,
        l.reviewed_course_on,
        CASE
            WHEN l.review_late_on IS NOT NULL THEN 'review_overdue'
            WHEN a.needs_outcome AND a.last_review_on IS NOT NULL AND NOT a.has_outcome
                THEN 'no_outcome'
            WHEN l.trial_late_on IS NOT NULL AND NOT a.has_tried_enough THEN 'no_withdrawal_trial'
        END AS failing,
        CASE
            WHEN l.review_late_on IS NOT NULL THEN l.review_proven_on IS NOT NULL
            ELSE l.trial_proven_on IS NOT NULL
        END AS is_proven,
        -- of a rule that asks for reviews and for trials, reviews are due first
        CASE
            WHEN COALESCE(a.first_within_months, a.every_months) IS NULL THEN a.last_trial_on
            ELSE a.last_review_on
        END IS NULL AS has_nothing_yet
    FROM asked AS a
    INNER JOIN late AS l ON a.rule_key = l.rule_key AND a.treatment_key = l.treatment_key
),

placed AS (
    SELECT
        *,
        CASE failing
            WHEN 'no_withdrawal_trial' THEN trial_late_on
            WHEN 'no_outcome' THEN reviewed_course_on
            WHEN 'review_overdue' THEN review_late_on
            ELSE latest_on
        END AS judged_on,
        CASE WHEN failing = 'no_withdrawal_trial' THEN trial_from_on ELSE review_from_on END
            AS from_on,
        CASE WHEN failing = 'no_withdrawal_trial' THEN trial_due_on ELSE review_due_on END
            AS due_on,
        CASE
            WHEN failing = 'no_withdrawal_trial' THEN withdrawal_trial_every_months
            ELSE review_months
        END AS months,
        (failing = 'no_outcome') IS NOT TRUE AS is_timed,
        (failing = 'no_withdrawal_trial' AND last_trial_on IS NOT NULL) IS TRUE AS is_from_trial,
        (failing IN ('review_overdue', 'no_outcome') AND last_review_on IS NOT NULL) IS TRUE
            AS is_from_review
    FROM failed
),

supplied AS (
    SELECT
        COUNT(*) FILTER (WHERE record = 'outcome_review') > 0 AS has_reviews,
        IF(COUNT(*) FILTER (WHERE record = 'infusion') > 0, 'infusion', 'dispensing') AS basis
    FROM audit.record_supplied
),

judged AS (
    SELECT
        f.*,
        CASE
            WHEN f.failing IS NULL AND f.has_nothing_yet
                THEN IF(f.is_start_known, 'review_not_due', 'history_truncated')
            WHEN f.failing IS NULL THEN NULL
            WHEN NOT s.has_reviews THEN 'table_not_supplied'
            WHEN f.failing = 'no_outcome' THEN IF(f.is_conditional, 'condition_unknown', f.failing)
            WHEN NOT f.is_proven OR NOT f.has_any_review THEN 'outside_coverage'
            WHEN
                f.failing = 'no_withdrawal_trial'
                AND f.withdrawal_trials_enough IS NOT NULL
                AND NOT f.is_start_known
                THEN 'history_truncated'
            WHEN f.is_conditional THEN 'condition_unknown'
            ELSE f.failing
        END AS answer
    FROM placed AS f
    CROSS JOIN supplied AS s
),

answered AS (
    SELECT
        j.set_key,
        j.rule_key,
        j.treatment_key AS subject_key,
        COALESCE(c.course_key, j.course_key) AS course_key,
        j.patient_key,
        CASE
            WHEN j.answer IS NULL THEN 'met'
            WHEN j.answer = 'review_not_due' THEN 'not_applicable'
            WHEN j.answer = j.failing THEN 'breached'
            ELSE 'not_assessable'
        END AS status,
        j.answer AS reason,
        CASE j.failing
            WHEN 'no_outcome' THEN 'outcome'
            WHEN 'no_withdrawal_trial' THEN 'withdrawal'
            ELSE 'review'
        END AS clause,
        CASE WHEN j.is_timed THEN j.judged_on - j.from_on END
            AS observed,
        CASE WHEN j.is_timed THEN j.due_on - j.from_on END
            AS limit_high,
        j.review_tolerance_days,
        CASE j.failing
            WHEN 'no_outcome'
                THEN 'the review of ' || j.last_review_on || ' has no response, no measured value'
            ELSE
                CONCAT_WS(
                    CHR(10),
                    CASE
                        WHEN j.failing = 'review_overdue' AND j.last_review_on IS NULL
                            THEN 'no review since the first course on ' || j.from_on
                        WHEN j.failing = 'review_overdue' THEN 'last review on ' || j.from_on
                        WHEN j.last_trial_on IS NULL
                            THEN 'no trial of less since the first course on ' || j.from_on
                        ELSE 'last trial of less on ' || j.from_on
                    END,
                    j.months || ' months end on ' || j.due_on,
                    'until this course: ' || j.judged_on || ' - ' || j.from_on || ' = '
                    || (j.judged_on - j.from_on) || ' d',
                    'above the limit: ' || (j.judged_on - j.from_on) || ' d > '
                    || (j.due_on - j.from_on) || ' d + ' || j.review_tolerance_days || ' d'
                )
        END AS workings,
        [
            -- since when the months are counted
            {
                'record': CASE
                    WHEN j.is_from_trial
                        THEN
                            IF(j.last_trial_record = 'course', s.basis, j.last_trial_record)
                    WHEN j.is_from_review THEN 'outcome_review'
                    ELSE s.basis
                END,
                'record_key': CASE
                    WHEN j.is_from_trial THEN j.last_trial_key
                    WHEN j.is_from_review THEN j.last_review_key
                    ELSE j.treatment_key
                END,
                'role': CASE
                    WHEN j.is_from_trial THEN 'last trial of less'
                    WHEN j.is_from_review THEN 'last review'
                    ELSE 'first course'
                END
            }
        ] AS cites
    FROM judged AS j
    CROSS JOIN supplied AS s
    LEFT JOIN derived.course AS c
        ON
            j.treatment_key = c.treatment_key
            AND j.judged_on = c.started_on
            AND j.failing IS NOT NULL
    QUALIFY
        ROW_NUMBER() OVER (PARTITION BY j.rule_key, j.treatment_key ORDER BY c.course_key) = 1
),

unasked AS (
    -- rules that could not be asked of any course of the treatment
    SELECT
        a.set_key,
        a.rule_key,
        COALESCE(c.treatment_key, c.course_key) AS subject_key,
        a.course_key,
        a.patient_key,
        CASE
            WHEN a.reason = 'other_phase' THEN 'not_applicable'
            ELSE 'not_assessable'
        END AS status,
        COALESCE(a.reason, 'no_indication') AS reason
    FROM audit.applicable AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    ANTI JOIN asked AS x ON a.rule_key = x.rule_key AND c.treatment_key = x.treatment_key
    WHERE a.kind = 'review' AND a.reason IS DISTINCT FROM 'set_has_no_rule'
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY a.set_key, a.rule_key, COALESCE(c.treatment_key, c.course_key)
            ORDER BY c.started_on DESC, c.course_key DESC
        ) = 1
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    subject_key,
    course_key,
    patient_key,
    status,
    reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    clause,
    observed,
    limit_high,
    CASE WHEN observed IS NOT NULL THEN review_tolerance_days END AS tolerance,
    CASE WHEN observed IS NOT NULL THEN 'days' END AS unit,
    CASE WHEN observed > limit_high THEN observed - limit_high END AS miss,
    workings,
    cites
FROM (
    SELECT *
    FROM answered
    UNION ALL BY NAME
    SELECT *
    FROM unasked
) AS every
