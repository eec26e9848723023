"""The house rules that a machine can watch."""

from __future__ import annotations

import ast
import hashlib
import re
import runpy
import subprocess
from pathlib import Path

import pytest

from pipeline.store import CONTRACT_VERSION
from schemas import RECORDS, contract

OF_CONTRACT = (2, "5961483e0e77e791")
"""CONTRACT_VERSION, and a digest of the columns of the record contract."""
ROOT = Path(__file__).parents[2]
SQL = sorted((ROOT / "sql").rglob("*.sql"))
CODE = sorted([*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")])


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SQL, ids=lambda p: str(p.relative_to(ROOT)))
def test_sql_begins_with_what_one_row_is(path: Path) -> None:
    assert re.match(r"-- (Exactly )?[Oo]ne row", path.read_text("utf-8"))


@pytest.mark.parametrize("path", SQL, ids=lambda p: str(p.relative_to(ROOT)))
def test_sql_never_turns_missing_into_zero(path: Path) -> None:
    assert not re.search(r"(?i)coalesce\s*\([^()]*,\s*0(\.0*)?\s*\)", path.read_text("utf-8"))


@pytest.mark.parametrize("path", SQL, ids=lambda p: str(p.relative_to(ROOT)))
def test_sql_asks_no_clock(path: Path) -> None:
    assert not re.search(
        r"(?i)\b(current_date|current_timestamp|now\s*\(|today\s*\()", path.read_text("utf-8")
    )


def test_no_module_prints() -> None:
    for path in CODE:
        calls = [
            node
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
        ]
        assert calls == [], path.name


def test_every_number_of_examples_grows_when_exploring() -> None:
    tests = ROOT / "tests"
    for path in sorted([*tests.glob("property/*.py"), *tests.glob("unit/*.py")]):
        told = [
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.keyword) and node.arg == "max_examples"
        ]
        assert all(ast.unparse(number).startswith("examples(") for number in told), path.name


def test_every_record_contract_says_what_one_row_is() -> None:
    for name, model in RECORDS.items():
        assert (model.__doc__ or "").startswith("One row per "), name


def test_only_sql_lives_in_sql_and_no_python_in_reports() -> None:
    assert [p for p in (ROOT / "sql").rglob("*") if p.is_file() and p.suffix != ".sql"] == []
    assert list((ROOT / "reports").rglob("*.py")) == []


def test_the_lock_file_names_no_host() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    for line in lines:
        assert line.startswith("#") or re.fullmatch(
            r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.\-+!]+", line
        ), line


def test_generated_pages_are_current() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert page["stale"]() == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.suffix in {".py", ".md", ".sql", ".toml", ".html", ".css", ".csv", ""}
        and re.search(r"/(work|home|root|Users)/[a-z]", path.read_text("utf-8", errors="ignore"))
    ]
    assert wrong == []


def test_synthetic_samples_hold_synthetic_patients_only() -> None:
    for path in (ROOT / "data_samples").glob("patient*.csv"):
        for line in path.read_text("utf-8").splitlines()[1:]:
            assert re.match(r"SYN-[0-9A-F]{8},", line)


def test_another_contract_is_another_version() -> None:
    columns = [
        (record, column.name, column.kind, column.required, column.unit, column.allowed)
        for record in RECORDS
        for column in contract(record).every_column
    ]
    shown = hashlib.sha256("\n".join(map(str, columns)).encode()).hexdigest()[:16]
    assert (CONTRACT_VERSION, shown) == OF_CONTRACT, "raise pipeline.store.CONTRACT_VERSION"
