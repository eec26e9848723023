-- One row per rule that asks for an approval (or a request, or says that none is needed) and
-- course it could apply to. Only that nobody approved may accuse, and only where the table covers
-- the patient and the days: requests are complete for some time† back, another one of the
-- patient's is near, and an approval that may still follow would be there.
WITH asked AS MATERIALIZED (
    SELECT *
    FROM audit.approval_asked
),

found AS MATERIALIZED (
    SELECT *
    FROM audit.approval_found
),

summed AS (
    SELECT
        f.rule_key,
        f.course_key,
        BOOL_OR(f.is_for_it AND f.is_in_time AND f.is_whole AND NOT f.is_over) AS is_approved,
        BOOL_OR(f.is_for_it AND f.is_in_time AND NOT f.is_over) AS is_approved_partly,
        BOOL_OR(
            f.is_for_it AND f.decision = 'approved' AND NOT f.is_over AND f.late_days > 0
            AND (
                f.is_linked
                OR f.late_days <= GREATEST(f.allowed_days, p.emergency_approval_days)
                OR LEAST(f.requested_on, f.from_on) <= f.course_last_on
            )
        ) AS is_late,
        BOOL_OR(f.is_for_it AND f.decision = 'approved' AND f.came_on IS NULL AND NOT f.is_over)
            AS is_undated,
        BOOL_OR(f.is_for_it_perhaps AND f.is_in_time AND NOT f.is_over) AS is_unread,
        BOOL_OR(
            f.is_linked AND NOT f.is_for_it AND NOT f.is_for_it_perhaps
            AND f.decision = 'approved'
        ) AS is_for_other,
        BOOL_OR(f.is_for_it AND f.decision = 'approved' AND f.is_over) AS has_expired,
        BOOL_OR(f.is_for_it AND f.decision = 'declined' AND (f.is_linked OR f.is_near))
            AS is_declined,
        BOOL_OR(f.is_for_it AND f.decision = 'pending' AND (f.is_linked OR f.is_near))
            AS is_pending,
        BOOL_OR(f.is_linked) AS is_named,
        BOOL_OR(f.is_near) AS has_near,
        -- any request at all that touches the course
        BOOL_OR(
            (f.is_for_it OR f.is_for_it_perhaps)
            AND f.first_on <= f.course_last_on + f.allowed_days
            AND (f.last_on >= f.needed_on OR f.to_on IS NULL)
            AND (f.is_near OR f.is_linked)
        ) AS is_recorded,
        MIN(f.late_days) FILTER (
            WHERE f.is_for_it AND f.decision = 'approved' AND NOT f.is_over AND f.late_days > 0
        ) AS late_days,
        MIN(f.came_on) FILTER (
            WHERE f.is_for_it AND f.decision = 'approved' AND NOT f.is_over AND f.late_days > 0
        ) AS came_on,
        MAX(f.to_on) FILTER (WHERE f.is_for_it AND f.decision = 'approved' AND NOT f.is_whole)
            AS ended_on,
        MAX(CASE WHEN f.may_follow THEN f.allowed_days ELSE 0 END)
        FILTER (WHERE f.late_days > 0) AS grace_days
    FROM found AS f
    CROSS JOIN guideline.policy AS p
    GROUP BY f.rule_key, f.course_key
),

unmet AS (
    SELECT x.*
    FROM asked AS x
    LEFT JOIN summed AS u ON x.rule_key = u.rule_key AND x.course_key = u.course_key
    WHERE x.reason IS NULL AND x.needed_on IS NOT NULL AND u.is_approved IS NOT TRUE
),

covered_day AS (
    -- the days of a course that no single approval covers: one may follow another
    SELECT
        f.rule_key,
        f.course_key,
        COUNT(DISTINCT s.started_on) AS n_days
    FROM found AS f
    SEMI JOIN unmet AS u ON f.rule_key = u.rule_key AND f.course_key = u.course_key
    INNER JOIN derived.session AS s
        ON
            f.course_key = s.course_key
            AND f.needed_on <= s.started_on
            AND (f.is_in_time OR f.came_on <= s.started_on)
            AND (f.to_on IS NULL OR f.to_on >= s.started_on)
    WHERE f.is_for_it AND f.decision = 'approved'
    GROUP BY f.rule_key, f.course_key
),

asked_day AS (
    SELECT
        x.rule_key,
        x.course_key,
        COUNT(DISTINCT s.started_on) AS n_days
    FROM unmet AS x
    SEMI JOIN covered_day AS d ON x.rule_key = d.rule_key AND x.course_key = d.course_key
    INNER JOIN derived.session AS s
        ON x.course_key = s.course_key AND x.needed_on <= s.started_on
    GROUP BY x.rule_key, x.course_key
),

missing_link AS (
    -- bags that name an approval the records do not hold, or another patient's
    SELECT DISTINCT b.course_key
    FROM derived.infusion AS b
    LEFT JOIN staged.infusion AS i ON b.record = 'infusion' AND b.infusion_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON b.record = 'dispensing' AND b.infusion_key = d.dispensing_key
    WHERE
        b.course_key IS NOT NULL
        AND b.authorisation_key IS NULL
        AND COALESCE(i.authorisation_id, d.authorisation_id) IS NOT NULL
),

proven AS (
    SELECT DISTINCT
        x.rule_key,
        x.course_key
    FROM unmet AS x
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.coverage AS v
        ON
            (v.site_id IS NULL OR x.site_id = v.site_id)
            AND x.started_on - p.approval_proof_days >= v.from_on
            AND x.started_on + x.allowed_days <= v.to_on
    WHERE v.record = 'authorisation'
),

supplied AS (
    SELECT COUNT(*) > 0 AS has_approvals
    FROM audit.record_supplied
    WHERE record = 'authorisation'
),

judged AS (
    SELECT
        x.*,
        u.late_days,
        u.came_on,
        u.ended_on,
        u.grace_days,
        CASE
            WHEN x.reason IS NOT NULL THEN x.reason
            WHEN x.approval = 'not_required' THEN 'approval_not_required'
            WHEN x.needed_on IS NULL AND x.is_start_known THEN 'approval_not_required'
            WHEN x.needed_on IS NULL THEN 'history_truncated'
            WHEN u.is_approved OR d.n_days = w.n_days THEN NULL
            WHEN x.approval = 'recorded' AND u.is_recorded THEN NULL
            WHEN NOT s.has_approvals THEN 'table_not_supplied'
            WHEN u.is_unread THEN 'codes_not_readable'
            WHEN u.is_undated THEN 'approval_undated'
            WHEN m.course_key IS NOT NULL THEN 'approval_not_found'
            WHEN x.approval = 'recorded' AND (v.course_key IS NULL OR u.has_near IS NOT TRUE)
                THEN 'outside_coverage'
            WHEN x.approval = 'recorded' THEN 'not_recorded'
            WHEN u.is_approved_partly AND NOT x.is_conditional THEN 'approval_expired'
            WHEN u.is_late AND NOT x.is_conditional THEN 'approved_late'
            WHEN u.is_for_other AND NOT x.is_conditional THEN 'approval_for_other'
            WHEN
                u.is_named IS NOT TRUE
                AND (v.course_key IS NULL OR u.has_near IS NOT TRUE)
                THEN 'outside_coverage'
            WHEN x.is_conditional THEN 'condition_unknown'
            WHEN u.is_declined THEN 'approval_declined'
            WHEN u.is_pending THEN 'approval_pending'
            WHEN u.has_expired THEN 'approval_expired'
            ELSE 'not_approved'
        END AS answer,
        u.is_approved_partly IS TRUE AS is_partly,
        v.course_key IS NOT NULL AND u.has_near IS TRUE AS is_proven
    FROM asked AS x
    CROSS JOIN supplied AS s
    LEFT JOIN summed AS u ON x.rule_key = u.rule_key AND x.course_key = u.course_key
    LEFT JOIN covered_day AS d ON x.rule_key = d.rule_key AND x.course_key = d.course_key
    LEFT JOIN asked_day AS w ON x.rule_key = w.rule_key AND x.course_key = w.course_key
    LEFT JOIN missing_link AS m ON x.course_key = m.course_key
    LEFT JOIN proven AS v ON x.rule_key = v.rule_key AND x.course_key = v.course_key
),

ruled AS (
    SELECT
        *,
        answer IN (
            'not_approved', 'not_recorded', 'approved_late', 'approval_expired',
            'approval_declined', 'approval_pending', 'approval_for_other'
        ) IS TRUE AS is_breach
    FROM judged
),

cited AS (
    -- the requests near or named, for breaches alone
    SELECT
        f.rule_key,
        f.course_key,
        LIST(
            {
                'record': 'authorisation',
                'record_key': f.authorisation_key,
                'role': CASE
                    WHEN f.is_linked THEN 'approval named'
                    WHEN f.is_for_it THEN 'request'
                    ELSE 'other request'
                END
            }
            ORDER BY f.authorisation_key
        ) FILTER (WHERE f.is_linked OR f.is_near) AS cites
    FROM found AS f
    SEMI JOIN ruled AS j
        ON f.rule_key = j.rule_key AND f.course_key = j.course_key AND j.is_breach
    GROUP BY f.rule_key, f.course_key
)

SELECT
    j.rule_key,
    j.set_key,
    'course' AS subject_kind,
    j.course_key AS subject_key,
    j.course_key,
    j.patient_key,
    CASE
        WHEN j.answer IS NULL THEN 'met'
        WHEN j.is_breach THEN 'breached'
        WHEN j.answer IN ('other_phase', 'approval_not_required') THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    j.answer AS reason,
    CASE
        WHEN j.approval != 'required' THEN 'review'
        WHEN j.answer IN ('approved_late', 'approval_for_other', 'condition_unknown') THEN 'review'
        WHEN j.is_breach AND (j.is_partly OR NOT j.is_proven) THEN 'review'
    END AS severity,
    CASE WHEN j.approval != 'required' THEN 'never_accuses' END AS cap,
    -- where the table does not cover the patient and the days, nothing could have been said
    j.approval IS NULL
    OR (
        j.approval = 'required'
        AND NOT j.is_conditional
        AND (j.answer IN ('table_not_supplied', 'outside_coverage')) IS NOT TRUE
    ) AS is_accusable,
    FALSE AS is_weight_disputed,
    CASE WHEN j.approval IS NOT NULL THEN 'approval' END AS clause,
    CASE j.answer
        WHEN 'approved_late' THEN j.late_days
        WHEN 'approval_expired' THEN j.last_on - j.ended_on
    END AS observed,
    CASE j.answer WHEN 'approved_late' THEN j.grace_days WHEN 'approval_expired' THEN 0 END
        AS limit_high,
    CASE WHEN j.answer IN ('approved_late', 'approval_expired') THEN 0 END AS tolerance,
    CASE WHEN j.answer IN ('approved_late', 'approval_expired') THEN 'days' END AS unit,
    CASE j.answer
        WHEN 'approved_late' THEN j.late_days - j.grace_days
        WHEN 'approval_expired' THEN j.last_on - j.ended_on
    END AS miss,
    CASE
        WHEN j.is_breach
            THEN
                CONCAT_WS(
                    CHR(10),
                    'looked for ' || IF(j.approval = 'recorded', 'a request', 'an approval')
                    || ' that covers ' || j.needed_on || ' to ' || j.last_on,
                    CASE j.answer
                        WHEN 'approved_late'
                            THEN
                                'approved after: ' || j.came_on || ' - ' || j.needed_on || ' = '
                                || j.late_days || ' d' || CHR(10) || 'above the limit: '
                                || j.late_days || ' d > ' || j.grace_days || ' d'
                        WHEN 'approval_expired'
                            THEN
                                'given after the approval ended: ' || j.last_on || ' - '
                                || j.ended_on || ' = ' || (j.last_on - j.ended_on) || ' d'
                    END
                )
    END AS workings,
    c.cites
FROM ruled AS j
LEFT JOIN cited AS c ON j.rule_key = c.rule_key AND j.course_key = c.course_key
