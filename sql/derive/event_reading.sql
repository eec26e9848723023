-- One row per report of an adverse event, read: what it names, as a word or code of the code list,
-- the infusion, product and lot it is laid to, and the criterion that makes it serious.
-- A term nobody listed is no event of ours: it is kept under its own words.
WITH spelt AS (
    SELECT
        *,
        TRIM(REGEXP_REPLACE(LOWER(term), '[\s_-]+', ' ', 'g')) AS words,
        UPPER(REGEXP_REPLACE(term, '[\s.]', '', 'g')) AS code,
        TRIM(REGEXP_REPLACE(LOWER(seriousness), '[\s_-]+', ' ', 'g')) AS serious_words,
        UPPER(REPLACE(REPLACE(lot_number, ' ', ''), '-', '')) AS lot
    FROM staged.adverse_event
),

unlinked AS (
    SELECT DISTINCT infusion_id
    FROM staged.adverse_event
    WHERE infusion_key IS NULL AND infusion_id IS NOT NULL
),

named_elsewhere AS (
    SELECT
        i.infusion_id,
        MIN(i.patient_key) AS first_patient,
        MAX(i.patient_key) AS last_patient
    FROM staged.infusion AS i
    INNER JOIN unlinked AS u ON i.infusion_id = u.infusion_id
    GROUP BY i.infusion_id
)

SELECT
    r.adverse_event_key,
    r.patient_key,
    COALESCE(w.event_code, c.event_code) AS event_code,
    COALESCE(w.event_code, c.event_code, r.words) AS kind,
    r.onset_at,
    r.onset_on,
    r.grade,
    r.is_serious,
    s.criterion,
    s.clock_days,
    r.imputability,
    r.reported_on,
    r.reported_to,
    r.source_id,
    r.lot,
    p.product_id AS stated_product_id,
    COALESCE(p.product_id, b.product_id) AS product_id,
    CASE WHEN b.session_key IS NOT NULL THEN b.infusion_key END AS infusion_key,
    b.session_key,
    CASE
        WHEN r.infusion_id IS NULL THEN NULL
        WHEN b.session_key IS NOT NULL THEN 'own'
        WHEN b.exclusion = 'not_given' THEN 'not_given'
        WHEN b.infusion_key IS NOT NULL THEN 'not_ivig'
        WHEN o.first_patient != r.patient_key OR o.last_patient != r.patient_key
            THEN 'other_patient'
        ELSE 'unknown'
    END AS named
FROM spelt AS r
LEFT JOIN guideline.event_term AS w ON r.words = w.term AND w.code_system = 'NAME'
LEFT JOIN guideline.event_term AS c ON r.code = c.term AND c.code_system != 'NAME'
LEFT JOIN guideline.seriousness AS s ON r.serious_words = s.term
LEFT JOIN derived.product_code AS p ON r.product_code = p.product_code
LEFT JOIN derived.infusion AS b
    ON r.infusion_key = b.infusion_key AND b.record = 'infusion'
LEFT JOIN named_elsewhere AS o ON r.infusion_id = o.infusion_id
