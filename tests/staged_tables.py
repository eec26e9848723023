"""The columns of every `staged` table, worked out from the contracts."""

from __future__ import annotations

from typing import Final

from schemas.record import RECORDS, Kind, contract

_TYPES: Final = {
    Kind.TEXT: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.INTEGER: "INTEGER",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIME: "TIMESTAMP",
}


def staged_columns(record: str) -> str:
    """Return the columns of `staged.<record>` as docs/architecture.md has them."""
    names = {f"{record}_key": "INTEGER"}
    if record != "patient":
        names["patient_key"] = "INTEGER"
    for column in contract(record).columns:
        amount = f"DECIMAL({column.digits},{column.decimals})"
        if column.name != "patient_id" or record == "patient":
            names[column.name] = _TYPES.get(column.kind, amount)
        if column.day:
            names[column.day] = "DATE"
    parent = contract(record).parent
    for column_name, target in (*contract(record).links, *((parent,) if parent else ())):
        names[column_name.removesuffix("_id") + "_key"] = "INTEGER"
        names.setdefault(f"{target}_key", "INTEGER")
    if parent := contract(record).parent:
        names[f"{parent[1]}_key"] = "INTEGER"
    names |= {"source_id": "VARCHAR", "source_file": "SMALLINT", "source_row": "INTEGER"}
    names |= {"is_time_ambiguous": "BOOLEAN"}
    return ", ".join(f"{name} {kind}" for name, kind in names.items())


STAGED: Final = {f"staged.{record}": staged_columns(record) for record in RECORDS}
"""Column declarations of every staged record, by table."""
