"""Turn ids of prescribers into pseudonyms that nobody takes for those of a patient."""

from __future__ import annotations

import duckdb

from pipeline.disclosure.naming import identity, pseudonyms

PRESCRIBER_PREFIX = "RX-"
_APART = "prescriber\x1f"
"""Before what is digested: a patient with the same id must not share the digits."""

Prescriber = tuple[str, str | None]
"""The id as the records have it, and their source."""


def prescriber_pseudonyms(
    con: duckdb.DuckDBPyConnection, key: bytes, *, per_source: bool
) -> dict[Prescriber, str]:
    """Return a pseudonym like `RX-7F3A-92C1` per prescriber and source the records name.

    The same id of two sources has one pseudonym, unless their ids are told apart by source.
    """
    identities = {
        named: _APART + identity(*named, per_source=per_source) for named in _prescribers(con)
    }
    shown = pseudonyms(key, identities.values())
    return {
        named: PRESCRIBER_PREFIX + shown[value].removeprefix("P-")
        for named, value in identities.items()
    }


def _prescribers(con: duckdb.DuckDBPyConnection) -> list[Prescriber]:
    found: list[Prescriber] = con.execute(
        """
        SELECT prescriber_id, source_id FROM staged.infusion WHERE prescriber_id IS NOT NULL
        UNION
        SELECT prescriber_id, source_id FROM staged.dispensing WHERE prescriber_id IS NOT NULL
        UNION
        SELECT prescriber_id, source_id FROM staged.authorisation WHERE prescriber_id IS NOT NULL
        ORDER BY ALL
        """
    ).fetchall()
    return found
