-- One row per ascertainment and kind of unit: pairs of unit and event, and whether they were enough
-- to fit the prior of EBGM.
SELECT
    ascertainment,
    unit_kind,
    n_pairs,
    is_fitted
FROM audit.comparison_prior
