"""The edge cases of the safety reference, each with its wanted behaviour, from CSV to database.

One file of `edge_cases` is one case: the records it adds, and queries with what they show. All
cases share one audit, so the ids of a case begin with its number. A case that a query cannot show
is a test here whose name begins with its number.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audited import audited, write_records
from empty_store import Rows, rows_of, shown

CASES = Path(__file__).parent / "edge_cases"
NUMBERS = [f"EC{number:02}" for number in range(1, 23)]
NOT_COVERED_YET: dict[str, str] = {}
"""Cases without a test, and the part of the program they ask about."""

SETTINGS = """
[source]
time_zone = "Europe/Paris"
"""
SETS = ("droracle-2025", "us-fda-labels", "ema-core-smpc-rev5", "monitoring-practice")


@dataclass(frozen=True)
class Case:
    """One edge case as its file has it."""

    number: str
    wanted: str
    records: dict[str, Rows]
    shows: tuple[dict[str, str], ...]


def _case(path: Path) -> Case:
    told = tomllib.loads(path.read_text("utf-8"))
    records = {record: rows_of(text) for record, text in told["records"].items()}
    return Case(path.stem, told["wanted"], records, tuple(told["shows"]))


READ = [_case(path) for path in sorted(CASES.glob("*.toml"))]
SHOWN = [
    pytest.param(show, id=f"{case.number}-{show['what'].replace(' ', '-')}")
    for case in READ
    for show in case.shows
]


def _drawn(rows: Rows) -> str:
    """Return rows of several cases as one text table that has all their columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [" | ".join(row.get(name) or "" for name in names) for row in rows]
    return "\n".join([" | ".join(names), *lines])


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return the database of one audit of the records of all cases."""
    folder = tmp_path_factory.mktemp("edge_cases")
    write_records(folder / "source", {})
    (folder / "source" / "audit.toml").write_text(SETTINGS, encoding="utf-8")
    kinds = sorted({record for case in READ for record in case.records})
    texts = {
        kind: _drawn([row for case in READ for row in case.records.get(kind, [])]) for kind in kinds
    }
    options: dict[str, Any] = {
        "guidelines": SETS,
        "max_quarantine": "1",
        "as_of": "2024-12-31",
    }
    made = audited(folder, texts, **options)
    yield made
    made.close()


EC16_WEIGHT = "patient_id | measured_at | weight_kg\nEC16-p | 2024-03-04 | 80"
EC16_PATIENT = "patient_id | birth_date\nEC16-p | 1980-01-01"


def test_ec16_units_of_100_mg_are_not_taken_for_500(tmp_path: Path) -> None:
    """Wanted: the unit comes from the catalogue, also where an intravenous code has 100 mg."""
    claims = """
        claim_id | line_number | patient_id | service_date | hcpcs_code | units | diagnosis_code_1
        EC16-a   | 1           | EC16-p     | 2024-03-04   | J1459      | 160   | G61.81
        EC16-b   | 1           | EC16-p     | 2024-03-25   | J1553      | 800   | G61.81
        EC16-c   | 1           | EC16-p     | 2024-05-06   | J1559      | 400   | G61.81
    """
    records = {
        "patient": EC16_PATIENT, "body_measurement": EC16_WEIGHT, "claim_line": claims,
    }  # fmt: skip
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "audit.toml").write_text('format = "claims"\n', encoding="utf-8")
    con = audited(tmp_path, records)
    found = con.sql(
        "SELECT product_id, dose_g, exclusion FROM derived.infusion ORDER BY started_on"
    )
    assert found.fetchall() == [
        ("privigen", 80, None), ("yimmugo", 80, None), ("hizentra", 40, "subcutaneous"),
    ]  # fmt: skip
    con.close()


def test_ec16_grams_of_a_file_that_took_500_mg_stand_out(tmp_path: Path) -> None:
    """Wanted: five times the dose is told as one that lies beyond its limit."""
    infusions = """
        infusion_id | patient_id | started_at | product_code | dose_g | indication_code
        EC16-a      | EC16-p     | 2024-03-04 | J1553        | 200    | cidp
    """
    records = {
        "patient": EC16_PATIENT, "body_measurement": EC16_WEIGHT, "infusion": infusions,
    }  # fmt: skip
    con = audited(tmp_path, records)
    told = con.sql(
        """
        SELECT status, observed > limit_high
        FROM audit.verdict
        WHERE kind = 'regimen' AND set_key = 1
        """
    )
    assert told.fetchall() == [("breached", True)]
    con.close()


@pytest.mark.parametrize("show", SHOWN)
def test_edge_case(con: duckdb.DuckDBPyConnection, show: dict[str, str]) -> None:
    assert shown(con, show["query"]) == rows_of(show["expect"])


def test_every_case_has_a_test_or_stands_among_those_not_covered() -> None:
    functions = {name[5:9].upper() for name in globals() if re.match(r"test_ec\d\d_", name)}
    tested = {case.number for case in READ} | functions
    assert tested.isdisjoint(NOT_COVERED_YET)
    assert sorted(tested | NOT_COVERED_YET.keys()) == NUMBERS


def test_a_case_says_what_it_wants_and_names_its_records_by_its_number() -> None:
    for case in READ:
        assert case.wanted
        assert case.shows
        patients = {row["patient_id"] or "" for row in case.records["patient"]}
        assert all(name.startswith(case.number) for name in patients), case.number
