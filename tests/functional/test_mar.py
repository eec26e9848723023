"""Actions of a medication record become infusions, and are judged as the same infusions in CSV.

The example is the one printed in docs/sources/mar.md.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from ingested import ingested, ledger, rows
from tools.same_verdicts import faults, judged
from tools.written_as_mar import as_mar, only_carried

from pipeline import resources
from pipeline.errors import InputError
from pipeline.synth import synth

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "mar.md"
SETS = ("droracle-2025", "us-fda-labels")
HEAD = "order_id,patient_id,medication,action,action_at,dose,dose_unit,rate,rate_unit\n"


def _example(folder: Path) -> Path:
    """Write the files the page prints."""
    found = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [name for name, _ in found] == ["patient.csv", "mar_action.csv"]
    for name, text in found:
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _printed(heading: str) -> list[list[str | None]]:
    table = PAGE.read_text("utf-8").split(f"| {heading} |")[1].split("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip() or None for cell in line.split("|")[1:-1]] for line in lines]


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format="mar")
    found = rows(
        con,
        """
        SELECT fate, SUM(n_rows)::INTEGER::VARCHAR, SUM(grams)::VARCHAR
        FROM audit.row_account
        GROUP BY fate
        ORDER BY fate
        """,
    )
    assert [list(row) for row in found] == _printed("fate | rows | grams")
    assert ledger(con, "mar_action.csv")[0] == sum(int(row[1]) for row in found) == 17
    found = rows(
        con,
        """
        SELECT
            infusion_id, started_at, ended_at, dose_g, volume_ml, max_rate_ml_per_h,
            paused_minutes, status
        FROM mapped.infusion
        ORDER BY infusion_id
        """,
    )
    heading = "infusion | started | ended | grams | ml | highest ml/h | paused min | status"
    assert [list(row) for row in found] == _printed(heading)


def test_words_nobody_knows_are_listed_by_frequency(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format="mar")
    found = rows(con, resources.sql("summary/unlisted_code.sql"))
    assert found == [("Bag Change", "action_unknown", 1)]


def test_steps_lots_and_other_medicines_of_the_example_are_read(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format="mar")
    assert rows(
        con,
        """
        SELECT changed_at, rate_ml_per_h
        FROM mapped.rate_step
        WHERE infusion_id = 'A-1'
        ORDER BY 1
        """,
    ) == [
        ("2025-03-03 08:30", "50.000"), ("2025-03-03 09:00", "100.000"),
        ("2025-03-03 10:00", "0.000"), ("2025-03-03 10:20", "100.000"),
    ]  # fmt: skip
    lots = rows(con, "SELECT infusion_id, lot_number FROM mapped.infusion WHERE lot_number != ''")
    assert sorted(lots) == [("A-1", "LOT-A"), ("B-1", "LOT-A"), ("B-2", "LOT-B")]
    assert rows(con, "SELECT code, started_at FROM mapped.medication") == [
        ("acetaminophen 500 mg", "2025-03-03 08:00")
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a few synthetic patients as CSV, as actions, and as CSV less what they cannot say."""
    home = tmp_path_factory.mktemp("same")
    (home / "full").mkdir()
    synth(home / "full", 40, 5, "all")
    only_carried(home / "full", home / "carried")
    as_mar(home / "full", home / "mar")
    return home


def test_the_same_records_get_the_same_verdicts(written: Path) -> None:
    actions = judged(written / "mar", format="mar", guidelines=SETS)
    assert faults(judged(written / "carried", guidelines=SETS), actions) == []
    charted = actions.sql("SELECT COUNT(*) FROM staged.rate_step WHERE rate_ml_per_h > 0")
    assert charted.fetchall()[0][0] > 50
    told = actions.sql("SELECT kind, status FROM audit.verdict").fetchall()
    assert ("infusion_rate", "met") in told


def _read(folder: Path, *actions: str, zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """Ingest one order of PRIVIGEN; an action is `word time dose unit rate unit`."""
    (folder / "patient.csv").write_text("patient_id\np1\n", encoding="utf-8")
    lines = [f"o,p1,PRIVIGEN,{','.join(cell.strip() for cell in a.split('|'))}\n" for a in actions]
    (folder / "mar_action.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
    if zone != "UTC":
        told = f'[source]\ntime_zone = "{zone}"\n'
        (folder / "audit.toml").write_text(told, encoding="utf-8")
    return ingested(folder, format="mar")


def test_a_change_of_rate_is_never_a_dose(tmp_path: Path) -> None:
    con = _read(
        tmp_path,
        "New Bag     | 2025-03-03 08:00 | 40 | g | 50  | mL/hr",
        "Rate Change | 2025-03-03 08:30 | 40 | g | 100 | mL/hr",
        "Rate Change | 2025-03-03 09:00 | 40 | g | 150 | mL/hr",
        "Rate Verify | 2025-03-03 09:30 | 40 | g | 150 | mL/hr",
        "Stopped     | 2025-03-03 11:10 | 40 | g |     |      ",
    )
    assert rows(con, "SELECT SUM(dose_g::DECIMAL(9, 3)) FROM mapped.infusion") == [(Decimal(40),)]
    assert rows(con, "SELECT volume_ml FROM mapped.infusion") == [("400.000",)]


def test_a_dose_mistyped_by_many_digits_ends_no_run(tmp_path: Path) -> None:
    con = _read(
        tmp_path,
        "New Bag | 2025-03-03 08:00 | 999999999 | mL | 50 | mL/hr",
        "Stopped | 2025-03-03 11:10 |           |    |    |      ",
    )
    assert dict(rows(con, "SELECT fate, n_rows FROM audit.row_account")) == {"bag": 1, "stopped": 1}


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("Rate Change | 2025-03-03 08:30 | | | 2  | mL/kg/hr", "rate_unread"),
        ("Rate Verify | 2025-03-03 08:30 | | | 90 | mL/hr", "verify_differs"),
        ("Site Check  | 2025-03-03 08:30 | | |    |      ", "action_unknown"),
        ("Rate Change | 3 March          | | | 90 | mL/hr", "time_unread"),
    ],
)
def test_rates_that_may_have_been_higher_are_not_told(
    tmp_path: Path, action: str, told: str
) -> None:
    con = _read(
        tmp_path,
        "New Bag | 2025-03-03 08:00 | 40 | g | 50 | mL/hr",
        action,
        "Stopped | 2025-03-03 11:00 |    |   |    |      ",
    )
    assert (told, 1) in rows(con, "SELECT fate, n_rows FROM audit.row_account")
    found = rows(con, "SELECT ended_at, max_rate_ml_per_h, volume_ml FROM mapped.infusion")
    assert found == [("2025-03-03 11:00", None, None)]
    assert ("rate_step",) not in rows(con, "FROM audit.record_supplied")


@pytest.mark.parametrize(
    ("night", "paused", "volume"),
    [
        ("2025-03-29", "240.000", "200.000"),
        ("2025-03-30", "180.000", "200.000"),  # the clocks skipped the hour after 02:00
        ("2025-10-26", "300.000", "200.000"),  # and showed it twice
    ],
)
def test_minutes_and_volumes_are_those_of_the_zone_when_the_clocks_change(
    tmp_path: Path, night: str, paused: str, volume: str
) -> None:
    con = _read(
        tmp_path,
        f"New Bag   | {night} 00:00 | 40 | g | 100 | mL/hr",
        f"Paused    | {night} 01:00 |    |   |     |      ",
        f"Restarted | {night} 05:00 |    |   | 100 | mL/hr",
        f"Stopped   | {night} 06:00 |    |   |     |      ",
        zone="Europe/Berlin",
    )
    found = rows(con, "SELECT paused_minutes, volume_ml FROM mapped.infusion")
    assert found == [(paused, volume)]


@pytest.mark.parametrize(
    ("paused_at", "stopped_at", "told"),
    [
        ("01:30", "03:30", ("2025-10-26 03:30", "15.000", "375.000", 3)),
        ("02:30", "04:30", ("2025-10-26 04:30", None, None, 0)),
        ("01:30", "02:30", (None, None, None, 0)),
        # an offset says which of the two it was
        ("02:30+01:00", "03:30", ("2025-10-26 03:30", "30.000", "350.000", 3)),
    ],
)
def test_of_the_hour_shown_twice_no_duration_is_made(
    tmp_path: Path, paused_at: str, stopped_at: str, told: tuple[object, ...]
) -> None:
    restarted_at = {"01:30": "01:45", "02:30": "03:30", "02:30+01:00": "03:00"}[paused_at]
    con = _read(
        tmp_path,
        "New Bag   | 2025-10-26 00:30 | 40 | g | 100 | mL/hr",
        f"Paused    | 2025-10-26 {paused_at} |    |   |     |      ",
        f"Restarted | 2025-10-26 {restarted_at} |    |   | 100 | mL/hr",
        f"Stopped   | 2025-10-26 {stopped_at} |    |   |     |      ",
        zone="Europe/Berlin",
    )
    found = rows(con, "SELECT ended_at, paused_minutes, volume_ml FROM mapped.infusion")
    is_supplied = ("rate_step",) in rows(con, "FROM audit.record_supplied")
    n_steps = rows(con, "SELECT COUNT(*) FROM mapped.rate_step")[0][0] if is_supplied else 0
    assert (*found[0], n_steps) == told
    charted = rows(con, "SELECT dose_g, max_rate_ml_per_h FROM mapped.infusion")
    assert charted == [("40.000", "100.000")]
    fate = "bag" if told[0] else "bag_in_repeated_hour"
    assert (fate, 1) in rows(con, "SELECT fate, n_rows FROM audit.row_account")


def test_a_time_that_the_clocks_skipped_cannot_be_read(tmp_path: Path) -> None:
    con = _read(
        tmp_path,
        "New Bag | 2025-03-30 02:30 | 40 | g | 50 | mL/hr",
        zone="Europe/Berlin",
    )
    assert rows(con, "SELECT infusion_id FROM mapped.infusion") == [("o-untimed-1",)]


def test_days_alone_make_no_minutes(tmp_path: Path) -> None:
    con = _read(
        tmp_path,
        "New Bag | 2025-03-03 | 40 | g | 50 | mL/hr",
        "Stopped | 2025-03-04 |    |   |    |      ",
    )
    found = rows(con, "SELECT ended_at, paused_minutes, volume_ml FROM mapped.infusion")
    assert found == [("2025-03-04", None, None)]


def test_a_bag_whose_time_cannot_be_read_is_told_and_has_no_dose(tmp_path: Path) -> None:
    con = _read(tmp_path, "New Bag | yesterday | 40 | g | 50 | mL/hr")
    found = rows(con, "SELECT infusion_id, started_at, dose_g FROM mapped.infusion")
    assert found == [("o-untimed-1", "yesterday", None)]


def test_one_order_of_two_patients_is_two_orders(tmp_path: Path) -> None:
    _example(tmp_path)
    (tmp_path / "mar_action.csv").write_text(
        HEAD
        + "o,p1,PRIVIGEN,New Bag,2025-03-03 08:00,40,g,,\n"
        + "o,p2,PRIVIGEN,New Bag,2025-03-03 09:00,30,g,,\n"
        + "o,p1,PRIVIGEN,Stopped,2025-03-03 10:00,,,,\n",
        encoding="utf-8",
    )
    con = ingested(tmp_path, format="mar")
    found = rows(con, "SELECT infusion_id, ended_at, dose_g FROM mapped.infusion ORDER BY 1")
    assert found == [("o-p1-1", "2025-03-03 10:00", "40.000"), ("o-p2-1", None, "30.000")]


def test_words_of_another_vendor_are_told_in_audit_toml(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text(
        '[table.mar_action.values.action]\n"Perfusion lancée" = "New Bag"\n"Fin" = "Stopped"\n',
        encoding="utf-8",
    )
    con = _read(
        tmp_path,
        "Perfusion lancée | 2025-03-03 08:00 | 40 | g | 50 | mL/hr",
        "Fin              | 2025-03-03 11:00 |    |   |    |      ",
    )
    found = rows(con, "SELECT started_at, ended_at, dose_g FROM mapped.infusion")
    assert found == [("2025-03-03 08:00", "2025-03-03 11:00", "40.000")]


def test_a_record_without_actions_or_without_patients_is_refused(tmp_path: Path) -> None:
    _example(tmp_path)
    (tmp_path / "patient.csv").unlink()
    with pytest.raises(InputError, match="the record patient is missing"):
        ingested(tmp_path, format="mar")
    (tmp_path / "mar_action.csv").write_text("order_id,patient_id,action\n", encoding="utf-8")
    with pytest.raises(InputError, match="column medication is missing"):
        ingested(tmp_path, format="mar")
