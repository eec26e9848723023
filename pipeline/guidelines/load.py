"""Write the guideline tables: what one row of each is stands in docs/architecture.md."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb
import polars as pl

from pipeline.config import Settings
from pipeline.guidelines.codelists import CodeLists
from pipeline.guidelines.columns import POLICY_COLUMNS, TABLES
from pipeline.guidelines.event_rows import event_rows
from pipeline.guidelines.kinds import KIND_TABLES
from pipeline.guidelines.laboratory import (
    DEFINITIONS,
    TESTS,
    analyte_rows,
    criterion_rows,
    unit_rows,
)
from pipeline.guidelines.library import GuidelineSet, read_library
from pipeline.guidelines.rules import Record, Rule, high, low

_LISTS = {
    "indication_alias": "codelists/indication_alias.csv",
    "diagnosis_code": "codelists/diagnosis_code.csv",
    "medicine": "codelists/medicine.csv",
    "risk_factor": "codelists/risk_factor.csv",
    "vaccine": "codelists/vaccine.csv",
    "immunity_test": "codelists/immunity_test.csv",
    "weight_policy": "codelists/weight_policy.csv",
    "ideal_weight": "codelists/ideal_weight.csv",
    "event": "codelists/event.csv",
    "event_rate": "codelists/event_rate.csv",
    "event_term": "codelists/event_term.csv",
    "seriousness": "codelists/seriousness.csv",
    "product_alias": "products/alias.csv",
    "billing_code": "products/billing_code.csv",
    "rate_limit": "products/rate_limit.csv",
    "lab_test": TESTS,
    "event_definition": DEFINITIONS,
}


PRODUCTS = ("product", "product_alias", "billing_code")
"""What a mapping may read of `guideline`: products, and the codes and units they go by."""

_OF_SETS = ("guideline_set", "statement", "rule", "rule_indication", "rule_product")


def load(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write every `guideline.*` table: the sets named, the house set, the code lists, the policy.

    Raises:
        GuidelineError: some file has a fault, or a named set is not there.
    """
    library = read_library(settings.run.guideline_folder, settings.run.guidelines)
    sets = library.chosen(settings.run.guidelines, settings.run.guideline_as_of)
    records = _of_sets(sets) | _of_lists(library.codelists, settings)
    records |= event_rows(library.events, library.codelists)
    for table, columns in TABLES.items():
        _write(con, f"guideline.{table}", columns, records[table])


def load_laboratory(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the lists by which results are read to temporary tables, before any set is loaded.

    Which results can be true must be known while rows can still go to quarantine.

    Raises:
        GuidelineError: some file has a fault.
    """
    library = read_library(settings.run.guideline_folder, settings.run.guidelines)
    records = _of_laboratory(library.codelists)
    for table in ("lab_analyte", "lab_test", "lab_unit"):
        con.execute(f"DROP TABLE IF EXISTS temp.{table}")
        _write(con, f"temp.{table}", TABLES[table], records[table])


def load_products(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the lists of `PRODUCTS` before any set is loaded, for mappings that read them.

    They stay until `forget_products`; `load` writes them for good.

    Raises:
        GuidelineError: some file has a fault.
    """
    library = read_library(settings.run.guideline_folder, settings.run.guidelines)
    records = {"product": _of_products(library.codelists)}
    records |= {
        name: [dict(row) for row in library.codelists.of(_LISTS[name])]
        for name in PRODUCTS
        if name in _LISTS
    }
    for table in PRODUCTS:
        _write(con, f"guideline.{table}", TABLES[table], records[table])


def forget_products(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `load_products` wrote."""
    for table in PRODUCTS:
        con.execute(f"DROP TABLE guideline.{table}")


def _write(
    con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], records: list[Record]
) -> None:
    """Create one table and fill it; text becomes typed in DuckDB, once and exactly."""
    kept = "TEMP TABLE" if table.startswith("temp.") else "TABLE"
    if not records:  # most tables of rules, where few kinds of rules are loaded
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE {kept} {table} ({declared})")
        return
    frame = pl.DataFrame(
        {name: [_text(record.get(name)) for record in records] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    con.register("guideline_record", frame)
    typed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items())
    con.execute(f"CREATE {kept} {table} AS SELECT {typed} FROM guideline_record")
    con.unregister("guideline_record")


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _of_sets(sets: Sequence[GuidelineSet]) -> dict[str, list[Record]]:
    """Return the rows of every table that a set fills."""
    made: dict[str, list[Record]] = {name: [] for name in (*_OF_SETS, *KIND_TABLES)}
    for set_key, item in enumerate(sets, start=1):
        made["guideline_set"].append(_set_record(set_key, item))
        made["statement"] += [
            {
                "set_key": set_key,
                "statement_id": each.id,
                "text": each.text,
                "checked_by": each.checked_by,
            }
            for each in item.head.statement
        ]
    numbered = [(key, rule) for key, item in enumerate(sets, 1) for rule in item.rules_in_force]
    policies = {key: item.head.weight_policy for key, item in enumerate(sets, 1)}
    for rule_key, (set_key, rule) in enumerate(sorted(numbered, key=lambda pair: pair[1].id), 1):
        record = _rule_record(rule_key, set_key, rule)
        record["weight_policy"] = rule.weight_policy or policies[set_key]
        made["rule"].append(record)
        made["rule_indication"] += [
            {"rule_key": rule_key, "indication_code": code} for code in sorted(rule.indications)
        ]
        made["rule_product"] += [
            {"rule_key": rule_key, "product_id": product} for product in sorted(rule.products)
        ]
        for table, row in rule.rows():
            made[table].append({"rule_key": rule_key, **row})
    for table in KIND_TABLES:
        for key, row in enumerate(made[table], start=1):
            row[f"{table}_key"] = key  # a table without such a column leaves it
    return made


def _set_record(set_key: int, item: GuidelineSet) -> Record:
    head = item.head
    return {
        **head.model_dump(include=set(TABLES["guideline_set"])),
        "set_key": set_key,
        "set_id": head.id,
        "source_title": head.source.title,
        "source_url": head.source.url,
        "is_house": item.is_house,
        "digest": item.digest,
    }


def _rule_record(rule_key: int, set_key: int, rule: Rule) -> Record:
    ages = rule.population.age_years
    return {
        **rule.model_dump(include=set(TABLES["rule"])),
        "rule_key": rule_key,
        "rule_id": rule.id,
        "set_key": set_key,
        "effective_severity": rule.effective_severity,
        "source_title": rule.source.title,
        "source_locator": rule.source.locator,
        "source_url": rule.source.url,
        "age_min_years": low(ages),
        "age_max_years": high(ages),
        "sex": rule.population.sex,
        "has_products": bool(rule.products),
    }


def _of_lists(codelists: CodeLists, settings: Settings) -> dict[str, list[Record]]:
    """Return the rows of the code lists and the one row of the policy in force."""
    made: dict[str, list[Record]] = {
        table: [dict(row) for row in codelists.of(path)] for table, path in _LISTS.items()
    }
    made |= _of_laboratory(codelists)
    policy = settings.policy
    made["policy"] = [
        {
            **{name: getattr(policy, name) for name in POLICY_COLUMNS},
            "as_of": settings.run.as_of,
            "from_on": settings.run.from_on,
            "to_on": settings.run.to_on,
            "guideline_as_of": settings.run.guideline_as_of,
        }
    ]
    own = {name: getattr(policy, name) for name in ("course_gap_days", "episode_window_days")}
    made["indication"] = [
        row | {name: row[name] or default for name, default in own.items()}
        for row in codelists.of("codelists/indication.csv")
    ]
    made["product"] = _of_products(codelists)
    return made


def _of_products(codelists: CodeLists) -> list[Record]:
    return [
        row | {"vial_step_g": _smallest(row["vials_g"])}
        for row in codelists.of("products/product.csv")
    ]


def _of_laboratory(codelists: CodeLists) -> dict[str, list[Record]]:
    """Return the rows of the lists by which results are read and events told."""
    return {
        "lab_analyte": analyte_rows(codelists.rows),
        "lab_test": [dict(row) for row in codelists.of(TESTS)],
        "lab_unit": unit_rows(codelists.rows),
        "event_criterion": criterion_rows(codelists.rows),
    }


def _smallest(sizes: str | None) -> Decimal | None:
    """Return the smallest vial known: no dose can be told more finely than this."""
    return None if sizes is None else min(Decimal(size) for size in sizes.split())
