"""Turn a pseudonym of a finished run into the person it stands for, with the key and not without.

The text holds ids of persons; only the command that prints it may show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import disclosure
from pipeline.config import Privacy, Settings
from pipeline.errors import InputError
from pipeline.store import open_answering

_PSEUDONYM = re.compile(r"(P|RX)(-[0-9A-F]{4}){2}((-[0-9A-F]{4}){2})?")


@dataclass(frozen=True)
class Patient:
    """The patient behind a pseudonym, as the records name them."""

    patient_id: str
    source_id: str
    other_ids: tuple[str, ...]
    """Ids that were merged into this one."""


@dataclass(frozen=True)
class Prescriber:
    """The prescriber behind a pseudonym, as the records name them."""

    prescriber_id: str
    sources: tuple[str, ...]


def read_pseudonym(given: str) -> str | None:
    """Return a pseudonym as the report prints it; None where the text cannot be one.

    Case and the kind of dash do not matter: it is typed from a printed page. Digits alone are not
    enough: a number of a patient, typed by mistake, must not come into the access log.
    """
    text = re.sub("[\u2010-\u2014]", "-", given.strip()).upper()
    return text if _PSEUDONYM.fullmatch(text) else None


def reveal_person(
    database: Path, pseudonym: str, key_file: Path | None, out: Path
) -> Patient | Prescriber:
    """Return the patient or prescriber who stands as this pseudonym on a page of the run.

    The pseudonyms that the run keeps are not asked: they are worked out again with the key.

    Raises:
        ConfigError: there is no key, others may read it, or it is not the key of this run.
        InputError: no page of this run shows the pseudonym, or it is of another version.
    """
    settings = Settings(privacy=Privacy(key_file=key_file))
    key = disclosure.read_key(disclosure.key_path(settings, out))
    con = open_answering(database)
    try:
        disclosure.refuse_other_key(con, key)
        find = _prescriber if pseudonym.startswith(disclosure.PRESCRIBER_PREFIX) else _patient
        return find(con, pseudonym, key)
    finally:
        con.close()


def as_text(pseudonym: str, person: Patient | Prescriber) -> str:
    """Return what is printed."""
    if isinstance(person, Prescriber):
        lines = [f"{pseudonym} is prescriber {person.prescriber_id}"]
        lines += [f"  source: {source}" for source in person.sources]
        return "\n".join(lines)
    lines = [f"{pseudonym} is patient {person.patient_id}"]
    if person.source_id:
        lines.append(f"  source: {person.source_id}")
    lines += [f"  also recorded as {other}" for other in person.other_ids]
    return "\n".join(lines)


def _prescriber(con: duckdb.DuckDBPyConnection, pseudonym: str, key: bytes) -> Prescriber:
    shown = disclosure.prescriber_pseudonyms(con, key, per_source=_is_per_source(con))
    found = [named for named, other in shown.items() if other == pseudonym]
    on_page = con.execute(
        "SELECT 1 FROM report.use_by_place WHERE place_kind = 'prescriber' AND place = $shown",
        {"shown": pseudonym},
    ).fetchall()
    if not found or not on_page:
        raise _on_no_page()
    return Prescriber(found[0][0], tuple(source for _, source in found if source))


def _patient(con: duckdb.DuckDBPyConnection, pseudonym: str, key: bytes) -> Patient:
    per_source = _is_per_source(con)
    people = con.sql(
        """
        SELECT p.patient_key, p.patient_id, p.source_id
        FROM staged.patient AS p
        SEMI JOIN report.patient_pseudonym AS s ON p.patient_key = s.patient_key
        ORDER BY p.patient_key
        """
    ).fetchall()
    identities = {disclosure.identity(row[1], row[2], per_source=per_source): row for row in people}
    shown = disclosure.pseudonyms(key, identities)
    for name, (patient_key, patient_id, source_id) in identities.items():
        if shown[name] == pseudonym:
            return Patient(patient_id, source_id or "", _other_ids(con, patient_key, patient_id))
    raise _on_no_page()


def _is_per_source(con: duckdb.DuckDBPyConnection) -> bool:
    return con.sql(
        "SELECT value = 'per_source' FROM audit.setting WHERE name = 'source.patient_ids'"
    ).fetchall() == [(True,)]


def _on_no_page() -> InputError:
    return InputError(
        "no page of this run shows that pseudonym. Name the run it was printed in with --run."
    )


def _other_ids(
    con: duckdb.DuckDBPyConnection, patient_key: int, patient_id: str
) -> tuple[str, ...]:
    found = con.sql(
        "SELECT DISTINCT patient_id FROM staged.patient_alias "
        "WHERE patient_key = $key AND patient_id != $id ORDER BY patient_id",
        params={"key": patient_key, "id": patient_id},
    ).fetchall()
    return tuple(other for (other,) in found)
