-- One row per limit rule and treatment (or episode, or patient) with a course it could apply to:
-- are there more courses, or for longer, than the rule allows? The subject is the first course
-- that goes beyond, else the latest course.
-- Courses before the period count too. Where nobody knows what went before the first, the count
-- is a lower bound: more than allowed is a breach all the same, fewer is no answer.
-- Months are calendar months, and the day of the limit is allowed. Nothing here accuses.
WITH counted AS MATERIALIZED (
    SELECT *
    FROM audit.limit_counted
),

basis AS (
    SELECT
        CASE
            WHEN COUNT(*) FILTER (WHERE record = 'infusion') > 0 THEN 'infusion'
            ELSE 'dispensing'
        END AS record_kind,
        COUNT(*) FILTER (WHERE record = 'outcome_review') > 0 AS has_reviews
    FROM audit.record_supplied
),

complete AS (
    -- the days on which every site's courses are complete
    SELECT
        MAX(v.from_on) AS from_on,
        LEAST(MIN(v.to_on), MIN(p.as_of)) AS to_on
    FROM staged.coverage AS v
    INNER JOIN basis AS b ON v.record = b.record_kind
    CROSS JOIN guideline.policy AS p
),

helped AS (
    -- what reviews say of the treatment; one that names no indication may be about it
    SELECT
        n.rule_key,
        n.group_key,
        n.indication_code,
        BOOL_OR((r.is_improved OR r.is_continued) AND r.reviewed_on > n.first_on) AS is_favourable,
        BOOL_OR(r.is_stopped) AS is_stopped
    FROM counted AS n
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.treatment_review AS r
        ON
            n.patient_key = r.patient_key
            AND (r.indication_code IS NULL OR n.indication_code = r.indication_code)
            AND n.first_on <= r.reviewed_on
            AND p.as_of >= r.reviewed_on
    WHERE COALESCE(n.trial_min_months, n.trial_max_months, n.max_trial_cycles) IS NOT NULL
    GROUP BY n.rule_key, n.group_key, n.indication_code
),

seen AS (
    -- any review of the patient near the treatment† shows that theirs are recorded
    SELECT DISTINCT
        n.rule_key,
        n.group_key,
        n.indication_code
    FROM counted AS n
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.treatment_review AS r
        ON
            n.patient_key = r.patient_key
            AND r.reviewed_on BETWEEN n.first_on - p.review_proof_days
            AND n.last_started_on + p.review_proof_days
),

limited AS (
    SELECT
        n.*,
        -- the first of a month and its last day: the calendar decides
        CAST(n.first_on + TO_MONTHS(n.max_duration_months) AS DATE) AS duration_limit_on,
        CAST(n.first_on + TO_MONTHS(n.trial_max_months) AS DATE) AS trial_limit_on,
        CAST(n.first_on + TO_MONTHS(n.trial_min_months) AS DATE) AS trial_least_on,
        (h.is_favourable) IS TRUE AS is_favourable,
        (h.is_stopped) IS TRUE AS is_stop_decided,
        s.rule_key IS NOT NULL AS has_review,
        CASE n.per
            WHEN 'treatment' THEN n.is_treatment_start_seen
            WHEN 'episode' THEN n.is_episode_start_seen
            WHEN 'patient' THEN (t.birth_date >= k.from_on)
        END IS TRUE AS is_start_known,
        (n.ended_on + p.loading_history_days <= k.to_on) IS TRUE AS is_over,
        t.deceased_on IS NOT NULL AS is_deceased
    FROM counted AS n
    CROSS JOIN guideline.policy AS p
    CROSS JOIN complete AS k
    INNER JOIN staged.patient AS t ON n.patient_key = t.patient_key
    LEFT JOIN helped AS h
        ON
            n.rule_key = h.rule_key
            AND n.group_key = h.group_key
            AND n.indication_code = h.indication_code
    LEFT JOIN seen AS s
        ON
            n.rule_key = s.rule_key
            AND n.group_key = s.group_key
            AND n.indication_code = s.indication_code
),

failed AS (
    SELECT
        *,
        CASE
            WHEN is_counted AND n_courses > max_courses THEN 'courses'
            WHEN started_on > duration_limit_on + interval_tolerance_days THEN 'duration_months'
            WHEN is_favourable OR NOT is_counted THEN NULL
            WHEN started_on > trial_limit_on + interval_tolerance_days THEN 'trial_months'
            WHEN n_courses > max_trial_cycles THEN 'trial_cycles'
        END AS beyond,
        -- a course took up the time until the next one would have come
        CASE
            WHEN is_stop_decided OR has_stopped_course OR is_deceased THEN FALSE
            ELSE
                (ended_on + interval_tolerance_days - trial_least_on) * (n_group - 1)
                + (last_started_on - first_on)
                < 0 OR (n_group = 1 AND ended_on + interval_tolerance_days < trial_least_on)
        END AS is_trial_short
    FROM limited
),

chosen AS (
    SELECT
        f.*,
        a.set_key
    FROM failed AS f
    INNER JOIN audit.limit_asked AS a
        ON f.rule_key = a.rule_key AND f.course_key = a.course_key AND a.reason IS NULL
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY f.rule_key, f.group_key, f.indication_code
            ORDER BY
                f.beyond IS NULL,
                CASE WHEN f.beyond IS NOT NULL THEN f.started_on END,
                CASE WHEN f.beyond IS NOT NULL THEN f.course_key END,
                f.started_on DESC,
                f.course_key DESC
        ) = 1
),

proven AS (
    SELECT DISTINCT
        c.rule_key,
        c.course_key
    FROM chosen AS c
    INNER JOIN staged.coverage AS v
        ON
            (v.site_id IS NULL OR c.site_id = v.site_id)
            AND c.first_on >= v.from_on
            AND c.started_on <= v.to_on
    WHERE v.record = 'outcome_review'
),

judged AS (
    SELECT
        c.*,
        CASE
            WHEN c.beyond IS NOT NULL AND c.is_conditional THEN 'condition_unknown'
            WHEN c.beyond IN ('courses', 'duration_months') THEN 'beyond_limit'
            WHEN c.beyond IS NOT NULL AND NOT c.is_start_known THEN 'history_truncated'
            WHEN c.beyond IS NOT NULL AND NOT b.has_reviews THEN 'table_not_supplied'
            WHEN c.beyond IS NOT NULL AND (p.rule_key IS NULL OR NOT c.has_review)
                THEN 'outside_coverage'
            WHEN c.beyond IS NOT NULL THEN 'trial_not_favourable'
            WHEN NOT c.is_start_known THEN 'history_truncated'
            WHEN
                c.n_courses + c.n_phase_unknown
                > LEAST(c.max_courses, IF(c.is_favourable, NULL, c.max_trial_cycles))
                THEN 'phase_unknown'
            WHEN
                c.n_courses + c.n_between
                > LEAST(c.max_courses, IF(c.is_favourable, NULL, c.max_trial_cycles))
                THEN 'unknown_between'
            WHEN c.n_courses < c.min_courses AND NOT c.is_over THEN 'treatment_open'
            WHEN c.n_courses < c.min_courses AND c.n_phase_unknown > 0 THEN 'phase_unknown'
            WHEN c.n_courses < c.min_courses AND c.is_conditional THEN 'condition_unknown'
            WHEN c.n_courses < c.min_courses THEN 'too_few_courses'
            WHEN c.is_trial_short AND c.is_over AND NOT c.is_conditional THEN 'trial_too_short'
        END AS reason
    FROM chosen AS c
    CROSS JOIN basis AS b
    LEFT JOIN proven AS p ON c.rule_key = p.rule_key AND c.course_key = p.course_key
),

measured AS (
    SELECT
        *,
        CASE
            WHEN reason = 'too_few_courses' THEN 'courses'
            WHEN reason = 'trial_too_short' THEN 'trial'
            WHEN beyond IN ('trial_months', 'trial_cycles') THEN 'trial'
            ELSE beyond
        END AS clause,
        CASE
            WHEN beyond IN ('duration_months', 'trial_months') THEN started_on - first_on
            WHEN reason = 'trial_too_short' THEN ended_on - first_on
            WHEN
                beyond IS NOT NULL
                OR max_courses IS NOT NULL
                OR min_courses IS NOT NULL
                OR max_trial_cycles IS NOT NULL
                THEN n_courses
            ELSE started_on - first_on
        END AS observed,
        CASE
            WHEN beyond = 'duration_months' THEN duration_limit_on - first_on
            WHEN beyond = 'trial_months' THEN trial_limit_on - first_on
            WHEN beyond = 'trial_cycles' THEN max_trial_cycles
            WHEN reason = 'trial_too_short' THEN NULL
            ELSE COALESCE(
                max_courses, max_trial_cycles,
                CASE
                    WHEN min_courses IS NULL THEN
                        COALESCE(duration_limit_on, trial_limit_on) - first_on
                END
            )
        END AS limit_high,
        CASE
            WHEN reason = 'trial_too_short' THEN trial_least_on - first_on
            WHEN beyond IS NULL THEN min_courses
        END AS limit_low,
        CASE
            WHEN
                beyond IN ('duration_months', 'trial_months') OR reason = 'trial_too_short'
                OR COALESCE(max_courses, min_courses, max_trial_cycles) IS NULL
                THEN 'days'
            ELSE 'count'
        END AS unit
    FROM judged
),

cited AS (
    SELECT
        m.rule_key,
        m.course_key,
        LIST(
            {
                'record': b.record_kind,
                'record_key': f.course_key,
                'role': 'counted course'
            }
            ORDER BY f.started_on, f.course_key
        ) AS cites
    FROM measured AS m
    INNER JOIN failed AS f
        ON
            m.rule_key = f.rule_key
            AND m.group_key = f.group_key
            AND m.indication_code = f.indication_code
            AND f.is_counted
            AND m.course_key != f.course_key
            AND (f.started_on, f.course_key) <= (m.started_on, m.course_key)
    CROSS JOIN basis AS b
    WHERE m.reason IN ('beyond_limit', 'trial_not_favourable', 'too_few_courses', 'trial_too_short')
    GROUP BY m.rule_key, m.course_key
),

answered AS (
    SELECT
        m.set_key,
        m.rule_key,
        m.course_key,
        m.patient_key,
        CASE
            WHEN m.reason IS NULL THEN 'met'
            WHEN
                m.reason IN (
                    'beyond_limit', 'trial_not_favourable', 'too_few_courses', 'trial_too_short'
                )
                THEN 'breached'
            ELSE 'not_assessable'
        END AS status,
        m.reason,
        CASE WHEN m.reason = 'trial_too_short' THEN 'advisory' ELSE 'review' END AS severity,
        m.clause,
        m.observed,
        m.limit_low,
        m.limit_high,
        CASE WHEN m.unit = 'days' THEN m.interval_tolerance_days ELSE 0 END AS tolerance,
        m.unit,
        CASE
            WHEN m.observed > m.limit_high THEN m.observed - m.limit_high
            WHEN m.observed < m.limit_low THEN m.limit_low - m.observed
        END AS miss,
        CONCAT_WS(
            CHR(10),
            CASE
                WHEN m.unit = 'days'
                    THEN
                        'time on treatment: '
                        || IF(m.reason = 'trial_too_short', m.ended_on, m.started_on) || ' - '
                        || m.first_on || ' = ' || m.observed || ' d'
                ELSE 'courses counted from ' || m.first_on || ' to ' || m.started_on
            END,
            CASE
                WHEN m.beyond = 'duration_months'
                    THEN m.max_duration_months || ' months end on ' || m.duration_limit_on
                WHEN m.beyond = 'trial_months'
                    THEN m.trial_max_months || ' months end on ' || m.trial_limit_on
                WHEN m.reason = 'trial_too_short'
                    THEN m.trial_min_months || ' months end on ' || m.trial_least_on
            END,
            CASE
                WHEN m.clause = 'trial' AND m.reason != 'trial_too_short'
                    THEN 'looked for a review that says it helped, from ' || m.first_on
            END,
            CASE
                WHEN m.observed > m.limit_high
                    THEN
                        'above the limit: ' || m.observed || IF(m.unit = 'days', ' d > ', ' > ')
                        || m.limit_high || IF(m.unit = 'days', ' d', '')
                WHEN m.observed < m.limit_low
                    THEN
                        'below the limit: ' || m.observed || IF(m.unit = 'days', ' d < ', ' < ')
                        || m.limit_low || IF(m.unit = 'days', ' d', '')
            END
        ) AS workings,
        i.cites
    FROM measured AS m
    LEFT JOIN cited AS i ON m.rule_key = i.rule_key AND m.course_key = i.course_key
    UNION ALL BY NAME
    SELECT
        a.set_key,
        a.rule_key,
        a.course_key,
        a.patient_key,
        CASE
            WHEN a.reason = 'other_phase' THEN 'not_applicable'
            ELSE 'not_assessable'
        END AS status,
        a.reason
    FROM audit.limit_asked AS a
    ANTI JOIN chosen AS w
        ON
            a.rule_key = w.rule_key
            AND a.group_key = w.group_key
            AND a.indication_code = w.indication_code
    WHERE a.reason IS NOT NULL
    QUALIFY
        a.group_key IS NULL
        OR ROW_NUMBER() OVER (
            PARTITION BY a.rule_key, a.group_key, a.indication_code
            ORDER BY a.started_on DESC, a.course_key DESC
        ) = 1
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    status,
    reason,
    severity,
    CASE severity WHEN 'review' THEN 'never_accuses' WHEN 'advisory' THEN 'clause' END AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    clause,
    observed,
    limit_low,
    limit_high,
    tolerance,
    unit,
    miss,
    workings,
    cites
FROM answered
