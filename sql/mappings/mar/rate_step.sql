-- One row per moment at which the rate of a bag was set, of bags whose rates are all known,
-- and none of them in an hour that the clocks showed twice.
SELECT
    b.infusion_id,
    a.action_at AS changed_at,
    r.rate_ml_per_h,
    r.source_file,
    r.source_row
FROM step.ran AS r
INNER JOIN step.bag AS b
    ON
        r.order_id = b.order_id
        AND r.patient_id = b.patient_id
        AND r.bag_number = b.bag_number
INNER JOIN raw.mar_action AS a ON r.source_file = a.source_file AND r.source_row = a.source_row
WHERE b.is_rated AND NOT b.is_repeated
