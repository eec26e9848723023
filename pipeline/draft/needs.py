"""Say what is missing for which checks: which rules can never be answered from these records.

Which fact a kind of rule asks for, and which columns hold it, is data: `lists/need.csv` and
`lists/fact.csv`. What a single rule asks on top, by its ages or its weight policy, is read from
the rule itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline import resources
from pipeline.draft.lists import listed
from pipeline.store import create_table, insert_rows


@dataclass(frozen=True)
class Missing:
    """One row per fact that no record holds: how many rules have no answer for want of it."""

    fact: str
    title: str
    n_silent: int
    silent_kinds: str
    weaker_kinds: str


@dataclass(frozen=True)
class Held:
    """One row per fact: how many of the rows that could hold it do."""

    fact: str
    title: str
    n_rows: int
    n_filled: int


@dataclass(frozen=True)
class KindOfRule:
    """One row per kind of rule: how many there are, and how many have no answer."""

    kind: str
    n_rules: int
    n_silent: int


@dataclass(frozen=True)
class Needs:
    """What is missing for which checks, and what is there."""

    missing: tuple[Missing, ...]
    held: tuple[Held, ...]
    kinds: tuple[KindOfRule, ...]

    @property
    def n_rules(self) -> int:
        """Return how many rules there are."""
        return sum(kind.n_rules for kind in self.kinds)

    @property
    def n_silent(self) -> int:
        """Return how many rules can be neither met nor breached."""
        return sum(kind.n_silent for kind in self.kinds)


def read_needs(con: duckdb.DuckDBPyConnection) -> Needs:
    """Return what the loaded rules ask for and the staged records do not hold.

    Needs `staged.*` and `guideline.*`.
    """
    needs = [(*row[:3], row[3] or None) for row in listed("need")]
    kept = dict.fromkeys(("kind", "fact", "strength", "holds_where"), "VARCHAR")
    con.execute("CREATE SCHEMA needs")
    insert_rows(con, "needs.need", kept, needs)
    create_table(con, "needs.condition", resources.sql("needs/condition.sql"))
    create_table(con, "needs.rule_need", resources.sql("needs/rule_need.sql"))
    held = _facts_held(con)
    columns = {"fact": "VARCHAR", "title": "VARCHAR", "n_rows": "BIGINT", "n_filled": "BIGINT"}
    rows = [(one.fact, one.title, one.n_rows, one.n_filled) for one in held]
    insert_rows(con, "needs.fact_held", columns, rows)
    missing = con.sql(resources.sql("needs/missing.sql")).fetchall()
    kinds = con.sql(resources.sql("needs/kind.sql")).fetchall()
    return Needs(
        tuple(
            Missing(fact, title, n, ", ".join(sure or []), ", ".join(less or []))
            for fact, title, n, sure, less in missing
        ),
        tuple(held),
        tuple(KindOfRule(*row) for row in kinds),
    )


def _facts_held(con: duckdb.DuckDBPyConnection) -> list[Held]:
    """Count, per fact, the rows that hold it, in the column where most do."""
    found: dict[str, Held] = {}
    for fact, title, record, column, only_where in listed("fact"):
        where = f" FILTER ({only_where})" if only_where else ""
        # names and conditions come from our own list, never from a file of the source
        counted = con.sql(
            f'SELECT COUNT(*), COUNT("{column}"){where} FROM staged.{record}'
        ).fetchall()
        one = Held(fact, title, *counted[0])
        best = found.get(fact)
        if best is None or one.n_filled * (best.n_rows or 1) > best.n_filled * (one.n_rows or 1):
            found[fact] = one
    return list(found.values())
