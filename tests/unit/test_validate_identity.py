"""Which of several rows of one record counts."""

from __future__ import annotations

from typing import Any

from mapped import problems, rows, validated


def fates(drawn: str, settings: dict[str, Any] | None = None) -> dict[int, str]:
    """Return what became of each encounter row: staged, set aside for a reason, or a check."""
    con = validated(settings, encounter=drawn)
    staged = rows(con, "SELECT source_row FROM staged.encounter")
    aside = rows(con, "SELECT source_row, reason FROM staged.set_aside WHERE record = 'encounter'")
    quarantined = {row: check for row, _, check, _ in problems(con, "encounter")}
    return dict(sorted(({row: "staged" for (row,) in staged} | dict(aside) | quarantined).items()))


def test_of_identical_rows_the_first_is_kept() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | ward_id
        e1           | p1         | 2024-01-01 | w
        e1           | p1         | 2024-01-01 | w
        e2           | p1         | 2024-01-01 | w
        e1           | p1         | 2024-01-01 | w
    """) == {1: "staged", 2: "duplicate", 3: "staged", 4: "duplicate"}


def test_different_rows_without_a_time_of_recording_are_all_quarantined() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | ward_id | recorded_at
        e1           | p1         | 2024-01-01 | w       |
        e1           | p1         | 2024-01-01 | v       | 2024-01-01 10:00
        e2           | p1         | 2024-01-01 | w       |
    """) == {1: "conflicting_duplicate", 2: "conflicting_duplicate", 3: "staged"}


def test_the_newest_version_wins() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | ward_id | recorded_at
        e1           | p1         | 2024-01-01 | w       | 2024-01-02 10:00
        e1           | p1         | 2024-01-01 | v       | 2024-01-03 10:00
        e1           | p1         | 2024-01-01 | u       | 2024-01-01 10:00
        e1           | p1         | 2024-01-01 | v       | 2024-01-03 10:00
    """) == {1: "superseded", 2: "staged", 3: "superseded", 4: "duplicate"}


def test_two_newest_versions_that_differ_are_not_ordered() -> None:
    assert set(
        fates("""
        encounter_id | patient_id | started_at | ward_id | recorded_at
        e1           | p1         | 2024-01-01 | w       | 2024-01-02 10:00
        e1           | p1         | 2024-01-01 | v       | 2024-01-02 10:00
        e1           | p1         | 2024-01-01 | u       | 2024-01-01 10:00
    """).values()
    ) == {"conflicting_duplicate"}


def test_a_newest_version_that_is_bad_does_not_bring_the_old_one_back() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | ended_at   | recorded_at
        e1           | p1         | 2024-01-02 | 2024-01-02 | 2024-01-02 10:00
        e1           | p1         | 2024-01-02 | 2024-01-01 | 2024-01-03 10:00
    """) == {1: "superseded", 2: "ended_before_started"}


def test_a_withdrawn_record_goes_with_its_older_versions() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | recorded_at      | is_deleted
        e1           | p1         | 2024-01-01 | 2024-01-02 10:00 |
        e1           |            |            | 2024-01-03 10:00 | true
        e2           | p1         | 2024-01-01 |                  | yes
        e3           | p1         | 2024-01-01 |                  | false
        e4           |            |            | 2024-01-02 10:00 | true
        e4           | p1         | 2024-01-01 | 2024-01-03 10:00 |
    """) == {1: "deleted", 2: "deleted", 3: "deleted", 4: "staged", 5: "superseded", 6: "staged"}


def test_two_sources_may_use_the_same_id() -> None:
    assert fates("""
        encounter_id | patient_id | started_at | ward_id | source_id
        e1           | p1         | 2024-01-01 | w       | a
        e1           | p1         | 2024-01-01 | v       | b
        e1           | p1         | 2024-01-01 | v       | b
    """) == {1: "staged", 2: "staged", 3: "duplicate"}


def test_an_empty_source_id_is_that_of_the_configuration() -> None:
    assert fates(
        """
        encounter_id | patient_id | started_at | ward_id | source_id
        e1           | p1         | 2024-01-01 | w       |
        e1           | p1         | 2024-01-01 | v       | it's a
        """,
        {"source": {"id": "it's a"}},
    ) == {1: "conflicting_duplicate", 2: "conflicting_duplicate"}


def test_rows_without_an_id_are_not_versions_of_each_other() -> None:
    assert fates("""
        encounter_id | patient_id | started_at
                     | p1         | 2024-01-01
                     | p1         | 2024-01-01
    """) == {1: "missing", 2: "missing"}


def test_equal_amounts_written_differently_are_identical() -> None:
    con = validated(
        body_measurement="""
            patient_id | measured_at | weight_kg
            p1         | 2024-01-01  | 70
            p1         | 2024-01-01  | 70.000
            p1         | 2024-01-01  | 70.001
        """
    )
    assert rows(con, "SELECT source_row FROM staged.body_measurement ORDER BY ALL") == [(1,), (3,)]
    assert rows(con, "SELECT source_row, reason FROM staged.set_aside") == [(2, "duplicate")]


def test_rows_with_different_unreadable_cells_are_not_identical() -> None:
    con = validated(
        body_measurement="""
            patient_id | measured_at | weight_kg
            p1         | 2024-01-01  | seventy
            p1         | 2024-01-01  | eighty
        """
    )
    assert [row for row, *_ in problems(con, "body_measurement")] == [1, 2]
    assert rows(con, "FROM staged.set_aside") == []


def test_a_row_without_an_id_is_withdrawn_by_an_equal_row() -> None:
    con = validated(
        body_measurement="""
            patient_id | measured_at | weight_kg | is_deleted
            p1         | 2024-01-01  | 70        |
            p1         | 2024-01-01  | 70        | true
        """
    )
    assert rows(con, "SELECT source_row, reason FROM staged.set_aside ORDER BY ALL") == [
        (1, "deleted"),
        (2, "deleted"),
    ]
