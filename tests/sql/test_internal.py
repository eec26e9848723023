"""Shares of the internal edition go to the nearest 5 %, and few persons stand behind none."""

from __future__ import annotations

import duckdb
import pytest

from pipeline import resources

WORLD = """
CREATE SCHEMA audit; CREATE SCHEMA report;
CREATE TEMP TABLE closed_exposure (subject_kind VARCHAR, subject_key INTEGER, patient_key INTEGER);
CREATE TABLE report.signal_definition (definition_id VARCHAR, event_name VARCHAR, title VARCHAR,
    subject_kind VARCHAR, is_answerable BOOLEAN, is_observation BOOLEAN);
CREATE TABLE audit.signal (definition_id VARCHAR, subject_kind VARCHAR, subject_key INTEGER,
    patient_key INTEGER, status VARCHAR, is_counted BOOLEAN);
INSERT INTO report.signal_definition VALUES
    ('asked', 'Event', 'Event: as defined', 'course', TRUE, FALSE),
    ('nowhere', 'Event', 'other', 'course', FALSE, FALSE),
    ('watched', 'Event', 'only watched', 'course', TRUE, TRUE);
"""


def shares(n_exposed: int, n_seen: int, n_patients: int) -> dict[str, tuple[str, int | None]]:
    """Return how each share stands where the first courses of so many patients could be seen."""
    con = duckdb.connect()
    con.execute(WORLD)
    con.execute(
        "INSERT INTO closed_exposure SELECT 'course', n, n % $2 FROM RANGE($1) AS r(n)",
        [n_exposed, n_patients],
    )
    con.execute(
        "INSERT INTO audit.signal SELECT 'asked', 'course', n, n % $2, 'not_met', FALSE "
        "FROM RANGE($1) AS r(n)",
        [n_seen, n_patients],
    )
    found = con.sql(
        f"SELECT measure, shown, share FROM ({resources.sql('internal/observability.sql')}) "
        "WHERE line_id = 'asked' AND kind = 'about'"
    ).fetchall()
    con.close()
    return {measure: (how, None if share is None else int(share)) for measure, how, share in found}


@pytest.mark.parametrize(
    ("n_seen", "n_patients", "seen", "silent"),
    [
        (0, 400, ("value", 0), ("value", 100)),
        (7, 400, ("few", None), ("over", 100)),
        (8, 400, ("under", 0), ("over", 100)),
        (8, 4, ("few", None), ("few", None)),  # many courses of few patients
        (100, 400, ("value", 25), ("value", 75)),
        (109, 400, ("value", 25), ("value", 75)),  # 27.25 %
        (111, 400, ("value", 30), ("value", 70)),  # 27.75 %
        (392, 400, ("over", 100), ("under", 0)),
        (393, 400, ("over", 100), ("few", None)),
        (400, 400, ("value", 100), ("value", 0)),
    ],
)
def test_a_share_stands_as_near_as_gives_no_number_away(
    n_seen: int, n_patients: int, seen: tuple[str, int | None], silent: tuple[str, int | None]
) -> None:
    told = shares(400, n_seen, n_patients)
    found = told["share_seen"], told["share_silent"]
    # a share that is not a plain value is told in words alone
    assert [how for how, _ in found] == [seen[0], silent[0]]
    assert [share for how, share in found if how == "value"] == [
        share for how, share in (seen, silent) if how == "value"
    ]
    assert told["share_open"] == ("value", 0)


def test_a_definition_no_record_can_answer_says_so_and_an_observation_is_no_line() -> None:
    con = duckdb.connect()
    con.execute(WORLD)
    con.execute("INSERT INTO closed_exposure VALUES ('course', 1, 1)")
    found = con.sql(
        f"SELECT DISTINCT line_id, title, shown FROM "
        f"({resources.sql('internal/observability.sql')}) ORDER BY ALL"
    ).fetchall()
    con.close()
    assert found == [
        ("asked", "Event: as defined", "few"),
        ("asked", "Event: as defined", "value"),
        ("nowhere", "Event: other", "no_record"),
    ]
