-- One row per population, unit that is recorded and month of its use: its sessions, and the units
-- it is compared with: a lot with the lots of its product, a product with all products, a site
-- with all sites.
-- A working table of the stage.
SELECT
    population,
    unit_kind,
    product_id,
    unit_id,
    IF(unit_kind = 'lot', product_id, unit_kind) AS peers,
    month_on,
    sessions,
    n_sessions
FROM audit.unit_exposure
WHERE unit_id IS NOT NULL AND sessions > 0
