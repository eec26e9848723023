"""Write the tables of the clinical edition for other programs: each as JSON and as CSV.

A twin holds the rows of one `report` table as they are, all of them and unrounded, where the page
rounds and may show the first only. Patients are pseudonyms, as on the page.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline import resources
from pipeline.render.tables import ORDER, Report, Row
from pipeline.spreadsheet import guarded

FOLDER: Final = "tables"
WITHOUT: Final = ("patient_pseudonym", "pseudonym_key")
"""Tables of the report that are on no page: they lead from a key to a pseudonym."""
TABLES: Final = tuple(sorted(set(ORDER) - set(WITHOUT)))

_MADE_IN_PYTHON: Final = {
    "over_time": "One row per measure (grams, share off guideline) and closed month with a value: "
    "its value, mean and limits of the first twelve months (NULL with fewer, and a lower one where "
    "it would lie below 0), and why it is more than usual variation; from a month the site names "
    "they are made anew (`part`). A month is closed when it lies in the period with all its days "
    "and, for the share, none of its courses may still grow.",
    "treatment_duration": "One row per indication, and for all (`is_total`), and number of months "
    "at which to look (3, 6, 12 and 24†): first treatments of a patient and indication that began "
    "in the period, how many ended (`n_ended`), the share that lasts longer than so many months by "
    "Kaplan and Meier with its 95 % interval (Greenwood, log-log), and how many were watched for "
    "longer (`n_watched`). A treatment ends on the last day before a break longer than the "
    "history† that makes a course a loading one; all are watched until so many days before the "
    "records end. `n_left_out`: begun in the period, and their beginning is not known or too late "
    "to be watched. NULL: nobody was watched so long.",
    "reviewer_pair": "One row per two reviewers who decided on the same facts: how many findings "
    "both decided, how many alike, and Cohen's kappa.",
}
_UNKNOWN_PATIENT: Final = "unknown patient"


def write_twins(con: duckdb.DuckDBPyConnection, report: Report, folder: Path) -> None:
    """Write `tables/<name>.json` and `tables/<name>.csv` for every table of the report."""
    target = folder / FOLDER
    target.mkdir(exist_ok=True, mode=0o700)
    people = {row["patient_key"]: row["pseudonym"] for row in report["patient_pseudonym"]}
    for name in TABLES:
        columns = [
            "patient" if column == "patient_key" else column
            for column in con.sql(f"SELECT * FROM report.{name}").columns
        ]
        rows = [list(_values(row, people)) for row in report[name]]
        _write(target / f"{name}.json", [_json(name, columns, rows)])
        _write(target / f"{name}.csv", _csv_lines(columns, rows))


def definition(name: str) -> str:
    """Return what one row of a table is: the words at the head of its SQL file."""
    if name in _MADE_IN_PYTHON:
        return _MADE_IN_PYTHON[name]
    said = []
    for line in resources.sql(f"summary/{name}.sql").splitlines():
        if not line.startswith("--"):
            break
        said.append(line.removeprefix("--").strip())
    return " ".join(said)


def _values(row: Row, people: Mapping[int, str]) -> Iterator[Any]:
    for column, value in row.items():
        yield people.get(value, _UNKNOWN_PATIENT) if column == "patient_key" else value


def _json(name: str, columns: list[str], rows: list[list[Any]]) -> str:
    """Return the table as JSON, a row a line; numbers have every digit of theirs."""
    keys = [encode_basestring(column) for column in columns]
    heads = [f"{key}: " for key in keys]
    lines = ("{" + ", ".join(map(str.__add__, heads, map(_literal, row))) + "}" for row in rows)
    told = f'"table": "{name}",\n"definition": {_literal(definition(name))}'
    head = f'{told},\n"columns": [{", ".join(keys)}]'
    return "{\n" + head + ',\n"rows": [\n' + ",\n".join(lines) + "\n]\n}\n"


def _plain(value: Decimal) -> str:
    """Return a decimal with every digit of its own and no exponent."""
    return f"{value:f}"


def _quoted_day(value: date) -> str:
    return f'"{value.isoformat()}"'


def _true_or_false(value: bool) -> str:  # noqa: FBT001 - what is written is the flag
    return "true" if value else "false"


_AS_JSON: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): lambda _: "null",
    str: encode_basestring,
    bool: _true_or_false,
    date: _quoted_day,
    datetime: _quoted_day,
    Decimal: _plain,
}
_AS_CELL: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): lambda _: "",
    str: guarded,
    bool: _true_or_false,
    datetime: lambda value: value.isoformat(sep=" "),
    Decimal: _plain,
}
"""How a value of a type is written; others as they print."""


def _literal(value: Any) -> str:
    """Return a value as JSON writes it; a decimal keeps its digits, which a float would not."""
    return _AS_JSON.get(type(value), str)(value)


def _csv_lines(columns: list[str], rows: list[list[Any]]) -> Iterator[str]:
    made = _Line()
    writer = csv.writer(made, lineterminator="\n")
    for row in (columns, *rows):
        writer.writerow([_cell(value) for value in row])
        yield made.text


class _Line:
    """Where the writer of CSV leaves one line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _cell(value: Any) -> str:
    """Return a cell: nothing where the value is unknown, and no text that would be run."""
    return _AS_CELL.get(type(value), str)(value)


def _write(path: Path, parts: Iterator[str] | list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)
