"""Say by which names an export speaks of patients and records: pseudonyms, or ids if asked for."""

from __future__ import annotations

import hashlib
import hmac

import duckdb

from pipeline import disclosure, resources


def name_all(
    con: duckdb.DuckDBPyConnection, key: bytes, *, by_id: bool, with_detected: bool = False
) -> None:
    """Create temp.person and temp.naming: how patients and records are called from now on.

    A pseudonym that stands on a page of the run is kept; the others are worked out with the key.

    Raises:
        ConfigError: the key is not the one that made the pseudonyms of the run.
    """
    disclosure.refuse_other_key(con, key)
    people = con.sql(resources.sql("exchange/person.sql")).fetchall()
    names = [patient_id for _, patient_id, _, _ in people] if by_id else _pseudonyms(con, key)
    sources = [source if by_id else None for _, _, source, _ in people]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE person AS SELECT UNNEST($keys::INTEGER[]) AS patient_key, "
        "UNNEST($names::VARCHAR[]) AS name, UNNEST($sources::VARCHAR[]) AS source_id",
        {"keys": [row[0] for row in people], "names": names, "sources": sources},
    )
    salt = hmac.new(key, b"ivig-audit record names", hashlib.sha256).hexdigest()
    con.execute(
        "CREATE OR REPLACE TEMP TABLE naming AS SELECT $salt AS salt, $by_id AS is_by_id, "
        "$with_detected AS is_with_detected",
        {"salt": salt, "by_id": by_id, "with_detected": with_detected},
    )


def _pseudonyms(con: duckdb.DuckDBPyConnection, key: bytes) -> list[str]:
    """Return the pseudonym of each patient, in the order of exchange/person.sql."""
    people = con.sql(resources.sql("exchange/person.sql")).fetchall()
    per_source = con.sql(
        "SELECT value = 'per_source' FROM audit.setting WHERE name = 'source.patient_ids'"
    ).fetchall() == [(True,)]
    identities = [
        disclosure.identity(patient_id, source, per_source=per_source)
        for _, patient_id, source, _ in people
    ]
    made = disclosure.pseudonyms(key, identities)
    return [shown or made[name] for (_, _, _, shown), name in zip(people, identities, strict=True)]
