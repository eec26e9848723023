-- One row per claim and kind whose place a later claim took, or that a later one took back.
-- A replacement or void names the claim it corrects; one that names none corrects its own
-- number. Of two that correct the same claim the later decided one counts; where their order
-- is not known both stay, and the grams of that day are not told.
WITH claim AS (
    SELECT
        claim_id,
        kind,
        COALESCE(original_claim_id, claim_id) AS corrects,
        MAX(adjudicated_day) AS adjudicated_day,
        kind IN ('replacement', 'void') AND BOOL_OR(status IN ('billed', 'reversed'))
            AS is_correcting
    FROM step.line
    GROUP BY claim_id, kind, corrects
),

corrected AS (
    SELECT
        earlier.claim_id,
        earlier.kind,
        later.kind AS corrected_by
    FROM claim AS earlier
    INNER JOIN claim AS later
        ON
            earlier.claim_id = later.corrects
            AND (earlier.claim_id != later.claim_id OR earlier.kind = 'original')
    WHERE later.is_correcting
    UNION ALL
    SELECT
        earlier.claim_id,
        earlier.kind,
        later.kind AS corrected_by
    FROM claim AS earlier
    INNER JOIN claim AS later
        ON
            earlier.corrects = later.corrects
            AND earlier.adjudicated_day < later.adjudicated_day
    WHERE later.is_correcting AND earlier.is_correcting
)

SELECT
    claim_id,
    kind,
    CASE WHEN BOOL_OR(corrected_by = 'void') THEN 'voided' ELSE 'replaced' END AS fate
FROM corrected
GROUP BY claim_id, kind
