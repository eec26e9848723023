-- One row per site (NULL: not recorded): the numbers of the page that can be told by site, each
-- with its denominator, by the first named set where a set judges. Courses and their tests and
-- approvals count where their first bag was given; grams, lots and events where they were given or
-- issued.
WITH course AS (
    SELECT
        place AS site_id,
        n_closed,
        n_off,
        n_judged,
        n_unassessed
    FROM temp.place_count
    WHERE place_kind = 'site'
),

test AS (
    SELECT
        site_id,
        SUM(n_tests) AS n_tests,
        SUM(n_taken) AS n_taken
    FROM temp.placed_test
    GROUP BY site_id
),

approval AS (
    SELECT
        site_id,
        COUNT(*) AS n_asked,
        COUNT(*) FILTER (WHERE approval_state = 'approved') AS n_approved
    FROM temp.course_approval
    WHERE approval_state NOT IN ('none_needed', 'not_supplied')
    GROUP BY site_id
),

given AS (
    SELECT
        i.site_id,
        SUM(i.grams) AS grams,
        -- no such course is known to be none: a true zero
        CASE
            WHEN COUNT(*) FILTER (WHERE o.is_assessed_at_all) = 0 THEN 0
            ELSE SUM(i.grams) FILTER (WHERE o.is_assessed_at_all)
        END AS grams_covered
    FROM temp.profile_grams AS i
    LEFT JOIN temp.first_set AS f ON TRUE
    LEFT JOIN report.profile_outcome AS o
        ON i.profile_key = o.profile_key AND f.set_key = o.set_key
    GROUP BY i.site_id
),

lot AS (
    SELECT
        site_id,
        SUM(n_infusions) AS n_infusions,
        SUM(n_infusions_with) AS n_infusions_with
    FROM temp.lot_count
    GROUP BY site_id
),

ledger AS (
    SELECT
        site_id,
        dispensed_g,
        -- a line that closes has nothing unexplained: a true zero
        IF(unexplained_g IS NULL, 0, unexplained_g) AS unexplained_g
    FROM report.ledger_margin
    WHERE part = 'site'
),

happened AS (
    SELECT
        unit_id AS site_id,
        events,
        sessions,
        per_1000
    FROM audit.comparison
    WHERE unit_kind = 'site' AND ascertainment = 'reported' AND event_code IS NULL
),

site AS (
    SELECT site_id FROM course
    UNION
    SELECT site_id FROM given
    UNION
    SELECT site_id FROM lot
    UNION
    SELECT site_id FROM ledger
)

SELECT
    s.site_id,
    c.n_closed,
    c.n_off,
    c.n_judged,
    c.n_unassessed,
    CAST(c.n_off / NULLIF(c.n_judged, 0) AS DECIMAL(9, 6)) AS share_off,
    CAST(c.n_off / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)) AS bound_low,
    CAST(
        (c.n_off + c.n_unassessed) / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)
    ) AS bound_high,
    g.grams,
    g.grams_covered,
    CAST(g.grams_covered / NULLIF(g.grams, 0) AS DECIMAL(9, 6)) AS coverage,
    m.n_tests,
    m.n_taken,
    CAST(m.n_taken / NULLIF(m.n_tests, 0) AS DECIMAL(9, 6)) AS share_taken,
    t.n_infusions,
    t.n_infusions_with,
    CAST(t.n_infusions_with / NULLIF(t.n_infusions, 0) AS DECIMAL(9, 6)) AS share_with_lot,
    a.n_asked,
    a.n_approved,
    CAST(a.n_approved / NULLIF(a.n_asked, 0) AS DECIMAL(9, 6)) AS share_approved,
    l.dispensed_g,
    l.unexplained_g,
    h.events,
    h.sessions,
    h.per_1000
FROM site AS s
LEFT JOIN course AS c ON s.site_id IS NOT DISTINCT FROM c.site_id
LEFT JOIN test AS m ON s.site_id IS NOT DISTINCT FROM m.site_id
LEFT JOIN approval AS a ON s.site_id IS NOT DISTINCT FROM a.site_id
LEFT JOIN given AS g ON s.site_id IS NOT DISTINCT FROM g.site_id
LEFT JOIN lot AS t ON s.site_id IS NOT DISTINCT FROM t.site_id
LEFT JOIN ledger AS l ON s.site_id IS NOT DISTINCT FROM l.site_id
LEFT JOIN happened AS h ON s.site_id IS NOT DISTINCT FROM h.site_id
