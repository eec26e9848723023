-- One row per course and event that a regimen ties it to: how many of its days follow such an event
-- within the days that count as "after"†, how many days after the newest one it began, and whether
-- the records would have shown it.
WITH asked AS (
    SELECT DISTINCT
        c.course_key,
        c.patient_key,
        c.site_id,
        c.started_on,
        c.last_on,
        UNNEST(LIST_DISTINCT([g.after_event, g.from_event])) AS event_code
    FROM guideline.regimen AS g
    INNER JOIN guideline.rule_indication AS i ON g.rule_key = i.rule_key
    INNER JOIN derived.course AS c ON i.indication_code IN (c.indication_code, 'any')
    WHERE COALESCE(g.after_event, g.from_event) IS NOT NULL
),

occurred AS (
    SELECT
        a.course_key,
        a.event_code,
        e.occurred_on
    FROM asked AS a
    INNER JOIN staged.clinical_event AS e
        ON a.patient_key = e.patient_key AND a.event_code = e.event_code
),

linked AS (
    SELECT
        o.course_key,
        o.event_code,
        CAST(COUNT(DISTINCT d.given_on) AS INTEGER) AS n_days_linked
    FROM occurred AS o
    CROSS JOIN guideline.policy AS p
    INNER JOIN audit.course_day AS d
        ON
            o.course_key = d.course_key
            AND d.given_on BETWEEN o.occurred_on AND o.occurred_on + p.event_link_days
    GROUP BY o.course_key, o.event_code
),

noted AS (
    -- an event from before the treatment† belongs to another illness or exposure
    SELECT
        a.course_key,
        a.event_code,
        MAX(o.occurred_on) FILTER (
            WHERE o.occurred_on BETWEEN a.started_on - p.loading_history_days AND a.started_on
        ) AS newest_on,
        BOOL_OR(
            o.occurred_on BETWEEN a.started_on - p.medicine_proof_days
            AND a.last_on + p.medicine_proof_days
        ) AS is_near
    FROM asked AS a
    CROSS JOIN guideline.policy AS p
    INNER JOIN occurred AS o ON a.course_key = o.course_key AND a.event_code = o.event_code
    GROUP BY a.course_key, a.event_code
),

covered AS (
    SELECT DISTINCT a.course_key
    FROM asked AS a
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.coverage AS v ON v.record = 'clinical_event'
    WHERE
        (v.site_id IS NULL OR v.site_id = a.site_id)
        AND v.from_on <= a.started_on - p.event_link_days
        AND v.to_on >= a.last_on
),

supplied AS (
    SELECT COUNT(*) > 0 AS is_supplied
    FROM audit.record_supplied
    WHERE record = 'clinical_event'
)

SELECT
    a.course_key,
    a.event_code,
    -- none found is known to be none: a true zero
    IF(l.n_days_linked IS NULL, 0, l.n_days_linked) AS n_days_linked,
    n.newest_on,
    CAST(a.started_on - n.newest_on AS INTEGER) AS days_after,
    CASE
        WHEN NOT s.is_supplied THEN 'table_not_supplied'
        WHEN n.is_near IS NOT TRUE THEN 'event_unknown'
        WHEN v.course_key IS NULL THEN 'outside_coverage'
    END AS link_doubt,
    CASE
        WHEN n.newest_on IS NOT NULL THEN NULL
        WHEN s.is_supplied THEN 'event_unknown'
        ELSE 'table_not_supplied'
    END AS window_doubt
FROM asked AS a
CROSS JOIN supplied AS s
LEFT JOIN linked AS l ON a.course_key = l.course_key AND a.event_code = l.event_code
LEFT JOIN noted AS n ON a.course_key = n.course_key AND a.event_code = n.event_code
LEFT JOIN covered AS v ON a.course_key = v.course_key
