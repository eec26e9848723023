-- One row per line of the claims, with its words and numbers read.
-- Frequency codes are those of the US claim forms: 1 is an original, 7 takes the place of an
-- earlier claim, 8 takes one back. A word that is not known stays `unknown` and is never guessed.
WITH read AS (
    SELECT
        *,
        UPPER(TRIM(hcpcs_code)) AS code,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(units), '-?[0-9]{1,9}(\.0+)?')
                THEN CAST(REGEXP_EXTRACT(units, '-?[0-9]+') AS BIGINT)
        END AS n_units,
        STRING_SPLIT(UPPER(CONCAT_WS(' ', modifier_1, modifier_2, modifier_3, modifier_4)), ' ')
            AS modifiers,
        CASE LOWER(TRIM(frequency_code))
            WHEN '1' THEN 'original'
            WHEN 'original' THEN 'original'
            WHEN '7' THEN 'replacement'
            WHEN 'replacement' THEN 'replacement'
            WHEN '8' THEN 'void'
            WHEN 'void' THEN 'void'
            ELSE CASE WHEN frequency_code IS NULL THEN 'original' ELSE 'unknown' END
        END AS kind,
        CASE LOWER(TRIM(line_status))
            WHEN 'paid' THEN 'billed'
            WHEN 'pending' THEN 'billed'
            WHEN 'denied' THEN 'denied'
            WHEN 'rejected' THEN 'denied'
            WHEN 'reversed' THEN 'reversed'
            ELSE CASE WHEN line_status IS NULL THEN 'billed' ELSE 'unknown' END
        END AS status,
        CASE
            WHEN REGEXP_FULL_MATCH(adjudicated_on, '[0-9]{4}-[0-9]{2}-[0-9]{2}.*')
                THEN TRY_CAST(LEFT(adjudicated_on, 10) AS DATE)
        END AS adjudicated_day,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(ndc), '[0-9]{11}|[0-9]{5}-[0-9]{4}-[0-9]{2}')
                THEN REPLACE(TRIM(ndc), '-', '')
        END AS ndc11
    FROM raw.claim_line
)

SELECT
    source_file,
    source_row,
    claim_id,
    line_number,
    patient_id,
    service_date,
    service_end_date,
    code,
    n_units,
    LIST_CONTAINS(modifiers, 'JW') AS is_waste,
    LIST_CONTAINS(modifiers, 'JZ') AS is_without_waste,
    LIST_CONTAINS(modifiers, 'JA') AS is_marked_iv,
    LIST_CONTAINS(modifiers, 'JB') AS is_marked_sc,
    kind,
    status,
    original_claim_id,
    adjudicated_on,
    adjudicated_day,
    ndc11,
    CASE WHEN UPPER(TRIM(ndc_unit)) = 'ML' THEN ndc_quantity END AS volume_ml,
    place_of_service,
    site_id,
    prescriber_id,
    HASH(
        claim_id, line_number, patient_id, service_date, service_end_date, code, units, modifiers,
        kind, status, original_claim_id, adjudicated_on, ndc11, ndc_quantity, ndc_unit,
        place_of_service, site_id, prescriber_id
    ) AS content_hash,
    -- a line below zero takes back what the claim it names, or its own, has billed
    CASE WHEN n_units < 0 AND original_claim_id IS NOT NULL THEN original_claim_id ELSE claim_id END
        AS net_claim_id,
    kind != 'void' AND kind != 'unknown' AND status IN ('billed', 'reversed') AS is_netted
FROM read
