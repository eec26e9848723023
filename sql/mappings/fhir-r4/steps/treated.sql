-- One row per Procedure, with the event of the contract it is, when its words say so.
-- Words are read and no codes: no list of ours holds codes of procedures.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        LOWER(
            CONCAT_WS(
                ' / ', code.text,
                ARRAY_TO_STRING(LIST_TRANSFORM(code.coding, LAMBDA x: x.display), ' / ')
            )
        ) AS words
    FROM raw.procedure
)

SELECT
    REFERENCE_ID(subject.reference, 'Patient') AS patient_id,
    COALESCE(performeddatetime, performedperiod.start) AS occurred_at,
    'plasma_exchange' AS event_code,
    COALESCE(code.coding[1].code, code.text) AS shown_code,
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN status IN ('not-done', 'preparation') THEN 'not_done'
        WHEN REGEXP_MATCHES(words, 'plasma[ _]?exchange|plasmapheresis') THEN 'read'
        ELSE 'not_asked_for'
    END AS fate,
    source_file,
    source_row
FROM read
