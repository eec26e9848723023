-- One row per finding: what it says, whom it is of, and the records behind it. An infusion or a
-- dispensing is named by its own id or by a digest that only the key's holder can make again.
WITH cited AS (
    SELECT
        e.finding_key,
        e.role AS part,
        e.record,
        CASE
            WHEN e.record NOT IN ('infusion', 'dispensing') THEN NULL
            WHEN n.is_by_id THEN COALESCE(i.infusion_id, d.dispensing_id)
            ELSE LEFT(
                SHA256(
                    CONCAT_WS(
                        '|',
                        n.salt,
                        e.record,
                        COALESCE(i.source_id, d.source_id, ''),
                        COALESCE(i.infusion_id, d.dispensing_id)
                    )
                ), 16
            )
        END AS record_name
    FROM audit.evidence AS e
    CROSS JOIN temp.naming AS n
    LEFT JOIN staged.infusion AS i ON e.record = 'infusion' AND e.record_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON e.record = 'dispensing' AND e.record_key = d.dispensing_key
),

counted AS (
    SELECT
        finding_key,
        part,
        record,
        COUNT(*) AS n_records,
        LIST(DISTINCT record_name ORDER BY record_name) AS record_names
    FROM cited
    GROUP BY finding_key, part, record
),

behind AS (
    SELECT
        finding_key,
        LIST(
            STRUCT_PACK(
                part := part,
                record := record,
                n_records := n_records,
                record_names := record_names
            )
            ORDER BY part, record
        ) AS parts
    FROM counted
    GROUP BY finding_key
)

SELECT
    f.finding_key,
    f.kind,
    f.rule_id,
    f.severity,
    f.cap,
    f.subject_kind,
    f.arithmetic,
    r.statement,
    r.source_url,
    s.set_id,
    d.decision,
    p.name AS person,
    p.source_id AS person_source,
    b.parts
FROM audit.finding AS f
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS s ON f.set_key = s.set_key
INNER JOIN temp.person AS p ON f.patient_key = p.patient_key
LEFT JOIN report.finding_decision AS d ON f.finding_key = d.finding_key
LEFT JOIN behind AS b ON f.finding_key = b.finding_key
ORDER BY f.finding_key
