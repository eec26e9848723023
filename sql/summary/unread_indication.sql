-- One row per stated indication that no code list knows, with the rows that carry it.
-- Their courses count as of unknown indication, and nothing else speaks in its place.
SELECT
    indication_text,
    n AS n_rows
FROM derived.unknown_indication
