"""See whether a ready-made format fits an unknown source, and say by what.

Only names of files and columns and shares are told, never a value.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import resources
from pipeline.draft.found import Found, shown
from pipeline.draft.profile import Profile
from pipeline.ingest.load import LoadedFile
from pipeline.ingest.locate import RESOURCE_SUFFIXES

_MANY = 0.5
_MOST_WORDS = 500
_HEAD_BYTES = 1 << 16
_MOST_FILES = 200
_HCPCS = "[A-Z][0-9]{4}"
_MODELS = {
    "omop-5.4": {"person_id", "drug_concept_id", "drug_exposure_start_date"},
    "mimic3": {"subject_id", "hadm_id", "icustay_id", "itemid"},
}
"""Columns that together stand in a table of no other source."""


@dataclass(frozen=True)
class Ready:
    """One row per sign that a format of `sql/mappings` fits: where it was seen, and what."""

    format: str
    where: str
    why: str


def ready_formats(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    found: Found,
    profiles: dict[str, list[Profile]],
) -> list[Ready]:
    """Return the signs of ready-made formats, in the order of formats and files."""
    con.execute(f"CREATE TABLE draft.action AS {resources.sql('mappings/mar/steps/word.sql')}")
    signs = [*_resources(folder)]
    for file in found.files:
        columns = profiles.get(file.file.name, [])
        signs += [*_model(file), *_actions(con, file, columns), *_claims(con, file, columns)]
    return sorted(signs, key=lambda sign: (sign.format, sign.where))


def tell_ready(signs: list[Ready], source: Path) -> Iterator[str]:
    """Yield which format fits, by what, and how to try it."""
    if not signs:
        return
    yield "A ready-made format fits, better than a draft can"
    for sign in signs:
        yield f"  --format {sign.format}: {sign.where}: {sign.why}"
    for name in dict.fromkeys(sign.format for sign in signs):
        yield (
            f"  Its page, docs/sources/{name}.md, says how files and columns are called and how "
            f"audit.toml renames yours; then: ivig-audit map {source} --check --format {name}"
        )
    yield ""


def _resources(folder: Path) -> Iterator[Ready]:
    """Yield the first file of FHIR resources, with how many there are."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.name.lower().endswith(RESOURCE_SUFFIXES)
        and path.is_file()
        and path.resolve().is_relative_to(folder.resolve())
    ]
    held = [path for path in paths[:_MOST_FILES] if _holds_resource(path)]
    if held:
        first = shown(held[0].relative_to(folder).as_posix())
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        yield Ready("fhir-r4", f"{first}{more}", "resources that name their resourceType")


def _holds_resource(path: Path) -> bool:
    opened = gzip.open if path.name.lower().endswith(".gz") else Path.open
    try:
        with opened(path, "rb") as stream:
            return b'"resourceType"' in stream.read(_HEAD_BYTES)
    except (OSError, EOFError):
        return False


def _model(file: LoadedFile) -> Iterator[Ready]:
    """Yield a table that has the columns of a public model."""
    names = {name.strip().lower() for name in file.names}
    for name, columns in _MODELS.items():
        if columns <= names:
            why = f"the columns {', '.join(sorted(columns))}"
            yield Ready(name, shown(file.file.name), why)


def _actions(
    con: duckdb.DuckDBPyConnection, file: LoadedFile, columns: list[Profile]
) -> Iterator[Ready]:
    """Yield a column of actions: doses begun, and what was done to them afterwards."""
    for one in columns:
        if not 1 < one.n_distinct <= _MOST_WORDS:
            continue
        found = con.sql(
            f"""
            SELECT
                COUNT(a.word) / COUNT(*),
                BOOL_OR(a.kind IN ('new_bag', 'given')),
                BOOL_OR(a.kind IN ('rate_change', 'verified', 'paused', 'restarted', 'stopped'))
            FROM {file.table} AS f
            LEFT JOIN draft.action AS a
                ON REGEXP_REPLACE(LOWER(f.c{one.position}), '[^a-z]', '', 'g') = a.word
            WHERE TRIM(f.c{one.position}) <> ''
            """
        ).fetchall()
        share, has_dose, has_more = found[0]
        if has_dose and has_more and share >= _MANY:
            why = f"column {shown(one.name)}: {share:.0%} actions, bags begun and what followed"
            yield Ready("mar", shown(file.file.name), why)


def _claims(
    con: duckdb.DuckDBPyConnection, file: LoadedFile, columns: list[Profile]
) -> Iterator[Ready]:
    """Yield a column of billing codes in a file that speaks of claims and units."""
    names = " ".join(one.name.lower() for one in columns)
    if "claim" not in names or "unit" not in names:
        return
    for one in columns:
        found = con.sql(
            f"""
            SELECT
                COUNT(*) FILTER (REGEXP_FULL_MATCH(f.said, '{_HCPCS}')) / COUNT(*),
                COUNT(DISTINCT b.hcpcs_code)
            FROM (SELECT TRIM(c{one.position}) AS said FROM {file.table}) AS f
            LEFT JOIN guideline.billing_code AS b ON f.said = b.hcpcs_code
            WHERE f.said <> ''
            """
        ).fetchall()
        share, n_known = found[0]
        if n_known and share >= _MANY:
            why = (
                f"column {shown(one.name)}: {share:.0%} HCPCS codes, {n_known} of immune globulin; "
                "it names claims and units"
            )
            yield Ready("claims", shown(file.file.name), why)
