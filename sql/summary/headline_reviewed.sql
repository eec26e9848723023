-- One row per named set and its closed courses off guideline where any decision stands: of how many
-- reviewers took every accusation back, on today's facts and in agreement, and the share without
-- these. The headline itself is what the rules say; this stands beside it.
WITH accused AS (
    SELECT
        o.set_key,
        c.course_key,
        BOOL_AND(
            COALESCE(d.decision, 'undecided') IN ('justified', 'record_error', 'rule_error')
        ) AS is_taken_back,
        BOOL_OR(d.decision = 'confirmed') IS TRUE AS is_confirmed,
        BOOL_OR(
            COALESCE(d.decision, 'undecided') IN ('undecided', 'earlier_facts')
        ) AS is_undecided
    FROM report.course_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key AND o.outcome = 'off'
    INNER JOIN audit.finding AS f
        ON
            c.course_key = f.course_key
            AND o.set_key = f.set_key
            AND f.severity = 'off_guideline'
            AND f.is_countable
    LEFT JOIN report.finding_decision AS d ON f.finding_key = d.finding_key
    WHERE NOT c.is_open
    GROUP BY o.set_key, c.course_key
),

counted AS (
    SELECT
        set_key,
        COUNT(*) FILTER (WHERE is_taken_back) AS n_taken_back,
        COUNT(*) FILTER (WHERE is_confirmed) AS n_confirmed,
        COUNT(*) FILTER (WHERE is_undecided AND NOT is_confirmed) AS n_undecided
    FROM accused
    GROUP BY set_key
)

SELECT
    h.set_key,
    h.n_off,
    h.n_judged,
    h.share_off,
    c.n_taken_back,
    c.n_confirmed,
    c.n_undecided,
    h.n_off - c.n_taken_back AS n_off_reviewed,
    CAST(
        (h.n_off - c.n_taken_back) / NULLIF(h.n_judged, 0) AS DECIMAL(9, 6)
    ) AS share_reviewed
FROM report.headline AS h
INNER JOIN counted AS c ON h.set_key = c.set_key
SEMI JOIN report.decision_total AS t ON t.n_decisions > 0
