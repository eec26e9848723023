"""Gather what a finished run knows of each serious event, and what a human must fill in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import duckdb

from pipeline import resources
from pipeline.exchange.asked import Row, rows_of

_PARTS = {
    "reactions": "reaction",
    "bags": "bag",
    "results": "result",
    "medicines": "medicine",
}


@dataclass
class Case:
    """One serious event: its facts, and the list of what the draft leaves open."""

    row: Row
    reactions: list[Row]
    bags: list[Row]
    results: list[Row]
    medicines: list[Row]
    todo: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def case_id(self) -> str:
        """Return the opaque name of the case."""
        return str(self.row["case_id"])

    @property
    def is_detected(self) -> bool:
        """Say whether nobody reported the event."""
        return bool(self.row["origin"] == "detected")

    @property
    def drugs(self) -> dict[str, list[Row]]:
        """Return the bags of each suspect product, by its name as the records write it."""
        named: dict[str, list[Row]] = defaultdict(list)
        for bag in self.bags:
            named[bag["product_code"] or ""].append(bag)
        return named

    def ask(self, element: str, what: str, known: object = "") -> None:
        """Put something on the list of what a human must fill in, with what the records say."""
        self.todo.append((element, what, "" if known is None else str(known)))


def read_cases(con: duckdb.DuckDBPyConnection) -> list[Case]:
    """Return every case in the order of its name; temp.person and temp.naming are there."""
    chosen = resources.sql("exchange/event/chosen.sql")
    con.execute(f"CREATE OR REPLACE TEMP TABLE chosen_case AS {chosen}")
    parts: dict[str, dict[str, list[Row]]] = {}
    for name, file in _PARTS.items():
        parts[name] = defaultdict(list)
        for row in rows_of(con, resources.sql(f"exchange/event/{file}.sql")):
            parts[name][row["case_id"]].append(row)
    return [
        Case(
            row,
            reactions=parts["reactions"][row["case_id"]],
            bags=parts["bags"][row["case_id"]],
            results=parts["results"][row["case_id"]],
            medicines=parts["medicines"][row["case_id"]],
        )
        for row in rows_of(con, resources.sql("exchange/event/case.sql"))
    ]
