-- One row per exposure and window that a case definition asks of it: between which instants the
-- window opens and closes. Windows: guideline.event. Both ends belong to it.
WITH wanted AS (
    SELECT DISTINCT
        d.window_of,
        w.from_anchor LIKE '%start' AS is_from_start,
        TO_HOURS(w.from_hours) AS from_hours,
        w.to_anchor LIKE '%start' AS is_to_start,
        TO_HOURS(w.to_hours) AS to_hours,
        d.subject_kind
    FROM guideline.definition AS d
    INNER JOIN guideline.event AS w ON d.window_of = w.event_code
    WHERE NOT d.is_own_sql
)

SELECT
    w.window_of,
    e.subject_kind,
    e.subject_key,
    e.patient_key,
    e.age_years,
    e.sex,
    e.from_earliest AS exposed_earliest,
    e.from_latest AS exposed_latest,
    e.to_latest AS ended_latest,
    IF(w.is_from_start, e.from_earliest, e.to_earliest) + w.from_hours AS opens_earliest,
    IF(w.is_from_start, e.from_latest, e.to_latest) + w.from_hours AS opens_latest,
    IF(w.is_to_start, e.from_earliest, e.to_earliest) + w.to_hours AS closes_earliest,
    IF(w.is_to_start, e.from_latest, e.to_latest) + w.to_hours AS closes_latest
FROM temp.exposure AS e
INNER JOIN wanted AS w ON e.subject_kind = w.subject_kind
