-- One row per way in which reported events were laid to a session or not.
SELECT
    attribution,
    COUNT(*) AS n_events,
    COUNT(*) FILTER (WHERE is_named_outside) AS n_named_outside,
    COUNT(*) FILTER (WHERE is_other_patient_named) AS n_other_patient,
    COUNT(*) FILTER (WHERE is_other_product_named) AS n_other_product,
    COUNT(*) FILTER (WHERE is_not_given_named) AS n_not_given
FROM temp.counted_event
GROUP BY attribution
