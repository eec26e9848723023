"""A lot is found wherever it stands in the records, and the list says why and how surely."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audited import write_records
from empty_store import rows_of
from nightly import Ended, typed
from recalled import LOT, RECORDS, write_hospital

from pipeline.errors import InputError
from pipeline.recall import Recall, recall_lot

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of a run on the hospital."""
    folder = tmp_path_factory.mktemp("hospital")
    return run_on(write_hospital(folder / "in"), folder / "out")


@pytest.fixture(scope="module")
def found(out: Path) -> Recall:
    return asked(out, LOT)


def run_on(source: Path, out: Path) -> Path:
    from pipeline.config import load_settings  # noqa: PLC0415
    from pipeline.run.audit import audit  # noqa: PLC0415
    from pipeline.run.journal import Journal  # noqa: PLC0415

    audit(load_settings(source, overrides={"max_quarantine": 1}), out, Journal())
    return out


def asked(out: Path, lot: str, product: str | None = None) -> Recall:
    return recall_lot(out / "latest" / "audit.duckdb", lot, product)


def told(recall: Recall, table: str, /, *columns: str, **where: Any) -> list[dict[str, str | None]]:
    """Return some columns of the rows of a section as text, those rows that are so."""
    return [
        {name: None if row[name] is None else str(row[name]) for name in columns}
        for row in recall.sections[table]
        if all(row[name] == value for name, value in where.items())
    ]


def test_every_bag_that_holds_or_may_hold_the_lot_is_listed_with_its_reason(found: Recall) -> None:
    shown = told(
        found,
        "listed",
        *("patient_id", "on_date", "lot_number", "lot_g", "dose_g", "likeness", "why"),
        section="given",
    )
    assert shown == rows_of("""
        patient_id | on_date    | lot_number     | lot_g  | dose_g | likeness | why
        P9         | 2024-03-09 | AB-1023        | 40.000 | 40.000 | same     | bedside
        =P20       | 2024-03-17 | AB-1023        | 40.000 | 40.000 | same     | bedside
        P1         | 2024-03-01 | AB-1023        | 40.000 | 40.000 | same     | bedside
        P13        | 2024-03-13 | AB-1023        |        | 30.000 | same     | dispensed
        P14        | 2024-03-14 | AB-1023        |        | 20.000 | same     | dispensed_other_lot
        P17        | 2024-03-15 | AB-1023        |        | 35.000 | same     | dispensed_to_another
        P7         | 2024-03-07 | AB-1023        | 20.000 | 20.000 | same     | bedside
        P7         | 2024-03-07 | AB-1023        | 15.000 | 15.000 | same     | bedside
        P8         | 2024-03-08 | AB-1023        | 10.000 | 40.000 | same     | bedside
        P2         | 2024-03-02 | ab 1023        | 40.000 | 40.000 | typed    | bedside
        P3         | 2024-03-03 | AB–IO23        | 40.000 | 40.000 | alike    | bedside
        P4         | 2024-03-04 | 00ab1O23       | 40.000 | 40.000 | alike    | bedside
        P5         | 2024-03-05 | CD-77; AB-1023 | 40.000 | 40.000 | part     | bedside
    """)


def test_subcutaneous_use_has_its_own_section(found: Recall) -> None:
    shown = told(found, "listed", "patient_id", "record", "why", "route", section="subcutaneous")
    assert shown == rows_of("""
        patient_id | record     | why          | route
        P11        | infusion   | bedside      | SC
        P16        | dispensing | not_infused  | SC
    """)


def test_what_was_dispensed_and_is_not_shown_infused_is_listed(found: Recall) -> None:
    shown = told(found, "listed", "patient_id", "record", "why", "lot_g", section="not_shown")
    assert shown == rows_of("""
        patient_id | record     | why         | lot_g
        P1         | infusion   | not_given   | 40.000
        P12        | dispensing | not_infused | 25.000
        P15        | dispensing | returned    | 20.000
    """)


def test_rows_in_quarantine_and_unreadable_lines_are_searched(found: Recall) -> None:
    shown = told(found, "listed", "patient_id", "record", "why", "detail", section="refused")
    assert shown == rows_of("""
        patient_id | record       | why                     | detail
        P10        | infusion     | refused                 | ended_at: ended_before_started
        P18        | infusion_lot | refused                 | dose_g: dose_above_vials
        PX         | infusion     | refused_patient_unknown | patient_id: unknown_patient
                   | infusion     | unreadable              | line: ragged
    """)


def test_each_patient_has_sessions_grams_days_last_contact_and_events(found: Recall) -> None:
    columns = (
        "patient_id", "n_sessions", "lot_g", "first_on", "last_on", "last_contact_on",
        "contact_record", "deceased_on", "n_events",
    )  # fmt: skip
    shown = {row["patient_id"]: row for row in told(found, "patient", *columns)}
    assert len(shown) == 20
    assert [shown[name] for name in ("P1", "P7", "P13", "P19", "PX")] == rows_of("""
        patient_id | n_sessions | lot_g  | first_on   | last_on    | last_contact_on | contact_record | deceased_on | n_events
        P1         | 1          | 40.000 | 2024-03-01 | 2024-04-01 | 2024-06-01      | last_contact   |             | 1
        P7         | 1          | 35.000 | 2024-03-07 | 2024-03-07 | 2024-03-07      | infusion       | 2024-05-05  |
        P13        | 1          |        | 2024-03-13 | 2024-03-13 | 2024-03-13      | infusion       |             |
        P19        |            |        | 2024-03-20 | 2024-03-20 | 2024-03-20      | adverse_event  |             | 1
        PX         |            |        | 2024-03-11 | 2024-03-11 |                 |                |             |
    """)  # noqa: E501 - a table reads better in one line per row
    assert "P6" not in shown


def test_what_is_only_possibly_the_lot_is_not_added_to_what_was_asked_for(tmp_path: Path) -> None:
    source = write_records(
        tmp_path / "in",
        {
            "patient": "patient_id\nP1",
            "infusion": """
                infusion_id | patient_id | started_at       | product_code | dose_g | lot_number
                i1          | P1         | 2024-03-01 09:00 | Privigen     | 60     | PV05
                i2          | P1         | 2024-03-20 09:00 | Privigen     | 10     | PVO5
            """,
        },
    )
    found = asked(run_on(source, tmp_path / "out"), "PV05")
    assert told(found, "patient", "likeness", "n_sessions", "n_lines", "lot_g") == [
        {"likeness": "same", "n_sessions": "1", "n_lines": "2", "lot_g": "60.000"}
    ]


def test_events_after_the_first_use_or_naming_the_lot_are_listed(found: Recall) -> None:
    assert told(found, "event", "patient_id", "term", "days_after_first", "why") == rows_of("""
        patient_id | term     | days_after_first | why
        P1         | headache | 1                | event_after
        P19        | chills   |                  | event_without_use
        P2         | fever    |                  | event_onset_unknown
    """)


def test_the_same_number_of_two_products_is_kept_apart(out: Path, found: Recall) -> None:
    shown = told(found, "count", "product", "n_patients", "n_sessions", "given_g", likeness="same")
    assert shown == rows_of("""
        product                | n_patients | n_sessions | given_g
        Hizentra               | 2          | 1          | 10.000
        Kiovig (Takeda)        | 1          | 1          | 40.000
        Privigen (CSL Behring) | 12         | 7          | 125.000
    """)
    one = asked(out, LOT, "kiovig")
    assert {row["patient_id"] for row in one.sections["listed"]} == {"P9", "P19", None}
    assert told(one, "other_product", "product", "n_patients") == rows_of("""
        product                | n_patients
        Hizentra               | 2
        Privigen (CSL Behring) | 16
    """)


def test_other_spellings_are_named_and_neighbours_only_named(found: Recall) -> None:
    assert told(found, "near", "lot_number", "likeness", "is_listed", "n_patients") == rows_of("""
        lot_number     | likeness  | is_listed | n_patients
        AB 1023        | typed     | True      | 1
        ab 1023        | typed     | True      | 1
        00ab1O23       | alike     | True      | 1
        AB–IO23        | alike     | True      | 1
        CD-77; AB-1023 | part      | True      | 1
        AB-1024        | neighbour | False     | 1
    """)


def test_the_list_says_what_it_cannot_find(found: Recall) -> None:
    columns = ("site_id", "n_sessions", "n_without", "n_lost", "n_partly", "share_without")
    assert told(found, "without_lot", *columns) == rows_of("""
        site_id | n_sessions | n_without | n_lost | n_partly | share_without
                | 14         | 3         | 2      | 0        | 0.214286
        south   | 5          | 3         | 2      | 0        | 0.600000
        north   | 9          | 0         | 0      | 0        | 0.000000
    """)


def test_one_lot_written_four_ways_is_found_from_each(out: Path) -> None:
    ways = ("AB-1023", "ab 1023", "AB–IO23", "00ab1O23")
    patients = [{row["patient_id"] for row in asked(out, way).sections["patient"]} for way in ways]
    assert all(patients[0] == others for others in patients)


def test_records_without_infusions_list_every_dispensing(tmp_path: Path) -> None:
    records = {kind: RECORDS[kind] for kind in ("patient", "dispensing")}
    out = run_on(write_records(tmp_path / "in", records), tmp_path / "out")
    shown = told(asked(out, LOT), "listed", "patient_id", "section", "why")
    assert shown == rows_of("""
        patient_id | section      | why
        P12        | not_shown    | no_infusions_supplied
        P13        | not_shown    | no_infusions_supplied
        P14        | not_shown    | no_infusions_supplied
        P15        | not_shown    | returned
        P16        | subcutaneous | no_infusions_supplied
    """)


TRACED = {
    "patient": "patient_id | birth_date | sex\n"
    + "\n".join(f"{name} | 1980-01-01 | F" for name in "ABCDEFG"),
    "dispensing": """
        dispensing_id | patient_id | dispensed_at | product_code | dose_g | route | lot_number | expires_on | wasted_g
        d1 | A | 2024-03-01 08:00 | Privigen | 40 | IV | AB-1023 | rubbish |
        d2 | B | 2024-03-02 08:00 | Privigen | 40 | IV | AB-1023 |         |
        d3 | C | 2024-03-03 08:00 | Privigen | 20 | IV | AB-1023 |         | 20
        d4 | D | 2024-03-04 08:00 | Privigen | 40 | IV |         |         |
        d5 | E | 2024-03-05 08:00 | Privigen | 20 | IV |         |         |
    """,  # noqa: E501 - a table reads better in one line per row
    "dispensing_lot": """
        dispensing_id | product_code | lot_number | dose_g | vial_size_g | n_vials
        d4            | Privigen     | AB-1023    | 20     | 20          | 1
        d4            | Privigen     | ZZ-9       | 20     | 20          | 1
        d5            | Privigen     | AB-1023    | 90     | 20          | 1
    """,
    "infusion": """
        infusion_id | patient_id | started_at | ended_at | product_code | dose_g | route | lot_number | dispensing_id
        i1 | A | 2024-03-01 09:00 | 2024-03-01 11:00 | Privigen | 40 | IV |         | d1
        i2 | B | 2024-03-02 09:00 | 2024-03-02 11:00 | Privigen | 30 | IV |         | d2
        i4 | D | 2024-03-04 09:00 | 2024-03-04 11:00 | Privigen | 20 | IV | AB-1023 | d4
        i5 | D | 2024-03-04 11:30 | 2024-03-04 13:00 | Privigen | 20 | IV | ZZ-9    | d4
        i6 | E | 2024-03-05 09:00 | 2024-03-05 11:00 | Privigen | 20 | IV |         | d5
        i7 | F | 2024-03-06 09:00 | 2024-03-06 07:00 | Privigen | 20 | IV |         |
        i8 | G | 2024-03-07 09:00 | 2024-03-07 10:00 | Privigen | 20 | IV | AB-1023 |
        i9 | G | 2024-03-07 11:00 | 2024-03-07 12:00 | Privigen | 20 | IV |         |
    """,  # noqa: E501 - a table reads better in one line per row
    "infusion_lot": """
        infusion_id | product_code | lot_number | dose_g
        i7          | Privigen     | AB-1023    | 20
    """,
}


def test_bags_are_traced_through_issues_whole_refused_or_shared(tmp_path: Path) -> None:
    out = run_on(write_records(tmp_path / "in", TRACED), tmp_path / "out")
    recall = asked(out, LOT)
    assert told(recall, "listed", "section", "patient_id", "record", "why", "lot_g") == rows_of("""
        section   | patient_id | record         | why                | lot_g
        given     | A          | infusion       | dispensing_refused |
        given     | B          | infusion       | dispensed          |
        given     | D          | infusion       | bedside            | 20.000  -- not that of ZZ-9
        given     | E          | infusion       | dispensing_refused |
        given     | G          | infusion       | bedside            | 20.000
        not_shown | B          | dispensing     | partly_infused     | 40.000
        not_shown | C          | dispensing     | discarded          | 20.000
        refused   | A          | dispensing     | refused            |
        refused   | E          | dispensing_lot | refused            |
        refused   | F          | infusion_lot   | refused            |
    """)
    (total,) = told(recall, "without_lot", "n_without", "n_lost", "n_partly", is_total=True)
    assert total == {"n_without": "3", "n_lost": "2", "n_partly": "1"}


def test_a_product_nobody_knows_is_refused(out: Path) -> None:
    with pytest.raises(InputError, match="no product"):
        asked(out, LOT, "nonesuch")


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    return typed(("recall", *arguments), capsys)


def test_the_command_prints_writes_and_notes_without_a_value(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = out / "access.log"
    log.unlink(missing_ok=True)
    sheet = tmp_path / "to-phone.csv"
    sheet.write_text("old")
    sheet.chmod(0o644)
    ended = command(capsys, "--lot", LOT, "--out", out, "--csv", sheet)
    assert (ended.code, ended.stderr) == (0, "")
    assert "P13" in ended.stdout
    assert sheet.stat().st_mode & 0o777 == 0o600
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 23
    assert "'=P20" in {row["patient_id"] for row in rows}
    assert rows[0]["last_contact_on"]
    assert [path.name for path in tmp_path.iterdir()] == ["to-phone.csv"]
    noted = log.read_text("utf-8")
    assert json.loads(noted)["command"] == "recall"
    assert "1023" not in noted
    assert log.stat().st_mode & 0o777 == 0o600
    command(capsys, "--lot", "ab1023", "--out", out)
    first, second = (json.loads(line)["subject"] for line in log.read_text("utf-8").splitlines())
    assert first == second


def test_nothing_found_is_told_and_never_exits_0(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "to-phone.csv"
    ended = command(capsys, "--lot", "AB-9924", "--out", out, "--csv", sheet)
    assert ended.code == 10
    assert "NOTHING FOUND" in ended.stdout
    assert "no record holds this lot" in ended.line()
    assert "9924" not in ended.stderr
    assert not sheet.exists()
    ended = command(capsys, "--lot", "AB-1024X", "--out", out)
    assert "AB-1024" in ended.stdout.split("neighbours of the number")[1]


def test_wrong_usage_no_run_and_foreign_databases_exit_as_explain_does(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(capsys, "--lot", "--- ", "--out", out).code == 2
    assert command(capsys, "--lot", LOT, "--out", tmp_path).code == 10
    for content in (b"junk" * 99, None):
        database = tmp_path / str(content is None) / "runs" / "r" / "audit.duckdb"
        database.parent.mkdir(parents=True)
        if content is None:
            with duckdb.connect(str(database)) as con:
                con.execute("CREATE TABLE of_long_ago (n INTEGER)")
        else:
            database.write_bytes(content)
        ended = command(capsys, "--lot", LOT, "--run", "r", "--out", database.parents[2])
        assert (ended.code, ended.stdout) == (10, "")
        said = "of an earlier version" if content is None else "damaged, or of another version"
        assert said in ended.line()
        assert not (database.parents[2] / "access.log").exists()


def test_without_a_note_nothing_is_shown_and_a_bad_file_is_told(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = command(capsys, "--lot", LOT, "--out", out, "--csv", tmp_path / "no" / "list.csv")
    assert ended.code == 16
    assert "--csv: cannot be written" in ended.stderr
    log = out / "access.log"
    log.rename(out / "kept.log")
    log.symlink_to(tmp_path / "elsewhere")
    ended = command(capsys, "--lot", LOT, "--out", out)
    log.unlink()
    (out / "kept.log").rename(log)
    assert (ended.code, ended.stdout) == (16, "")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of a run on the samples."""
    return run_on(ROOT / "data_samples", tmp_path_factory.mktemp("samples") / "out")


def test_a_lot_of_the_samples_is_found_given_dispensed_and_refused(sampled: Path) -> None:
    recall = asked(sampled, "SYN-DF9698AB", "Panzyga")
    shown = told(recall, "count", "n_patients", "n_sessions", "n_given", "n_not_shown", "n_refused")
    assert shown == rows_of("""
        n_patients | n_sessions | n_given | n_not_shown | n_refused
        7          | 14         | 14      | 1           | 1
    """)


def samples(record: str) -> list[dict[str, str]]:
    with (ROOT / "data_samples" / f"{record}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lots_of_patients() -> dict[str, set[str]]:
    """Return who has each lot anywhere in the raw files, read by a plain loop."""
    found: dict[str, set[str]] = {}
    for record in ("infusion", "dispensing"):
        rows = samples(record)
        whose = {row[f"{record}_id"]: row["patient_id"] for row in rows}
        for row in [*rows, *samples(f"{record}_lot")]:
            if row["lot_number"]:
                found.setdefault(row["lot_number"], set()).add(whose[row[f"{record}_id"]])
    return found


def test_nobody_who_has_a_lot_in_the_raw_files_is_missed(sampled: Path) -> None:
    wanted = lots_of_patients()
    for lot in sorted(wanted)[::8]:
        listed = asked(sampled, lot).sections["patient"]
        assert {row["patient_id"] for row in listed if row["likeness"] == "same"} == wanted[lot]
