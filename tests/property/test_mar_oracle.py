"""The bags put together from actions are those of a loop that reads them one after the other."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ingested import ingested

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_mar import KINDS, Row, ended_at, grams, paused_minutes, rates, read, volume

ACTION = st.fixed_dictionaries(
    {
        "action": st.sampled_from(
            [*KINDS, "New Bag", "New Bag", "Rate Change", "Paused", "Restarted", "Stopped"]
        ),
        "action_at": st.sampled_from(
            [f"2025-03-03 {hour:02}:{minute}" for hour in (8, 9) for minute in (10, 30, 50)]
        ),
        "rate": st.sampled_from(["50", "100", "100", "2", ""]),
        "rate_unit": st.sampled_from(["mL/hr"] * 6 + ["mL/min", "mL/kg/hr"]),
        "dose": st.sampled_from(["40", "40", "10.5", "", "0", "1-2"]),
        "dose_unit": st.sampled_from(["g", "g", "mL", "mg", "mL/hr"]),
        "action_id": st.sampled_from(["", "", "", "", "1", "2"]),
        "recorded_at": st.sampled_from(["", "2025-03-03 12:00", "2025-03-03 12:01"]),
        "is_deleted": st.sampled_from(["", "", "", "", "", "true"]),
        "corrects_action_id": st.sampled_from(["", "", "", "", "", "1"]),
    }
)  # fmt: skip
# orders that a ward might really write down
PLAIN = ACTION.map(
    lambda row: (
        row | {"action_id": "", "is_deleted": "", "corrects_action_id": "", "recorded_at": ""}
    )
)
NIGHTS = [
    f"2025-{day} {hour}" for day in ("03-30", "10-26") for hour in ("01:50", "03:10", "04:00")
] + ["2025-10-26 02:30", "2025-10-26 02:50"]
"""Around the hour that the clocks of Berlin skip in spring and show twice in autumn."""
NIGHT = PLAIN.flatmap(
    lambda row: st.sampled_from(NIGHTS).map(
        lambda at: row | {"action_at": at, "zone": "Europe/Berlin"}
    )
)
ORDER = st.one_of(st.lists(ACTION, min_size=1, max_size=8), st.lists(PLAIN, min_size=2, max_size=8))


def _ingested(orders: list[list[Row]]) -> duckdb.DuckDBPyConnection:
    zone = orders[0][0].get("zone", "UTC")
    table = [
        {"order_id": f"o{n}", "patient_id": "p1", "medication": "PRIVIGEN"} | row
        for n, order in enumerate(orders)
        for row in order
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "patient.csv").write_text("patient_id\np1\n", "utf-8")
        (folder / "audit.toml").write_text(f'[source]\ntime_zone = "{zone}"\n', "utf-8")
        with (folder / "mar_action.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        return ingested(folder, format="mar")


def _rows(con: duckdb.DuckDBPyConnection, record: str, columns: str) -> list[tuple[Any, ...]]:
    supplied = con.sql(f"SELECT 1 FROM audit.record_supplied WHERE record = '{record}'").fetchall()
    return con.sql(f"SELECT {columns} FROM mapped.{record}").fetchall() if supplied else []


@settings(max_examples=examples(8))
@given(st.lists(ORDER, min_size=40, max_size=40))
def test_actions_become_the_bags_of_the_oracle(orders: list[list[Row]]) -> None:
    _compare(orders)


def _night(action: str, at: str) -> Row:
    return {
        "action": action, "action_at": at, "rate": "50", "rate_unit": "mL/hr", "dose": "40",
        "dose_unit": "g", "action_id": "", "recorded_at": "", "is_deleted": "",
        "corrects_action_id": "", "zone": "Europe/Berlin",
    }  # fmt: skip


# a dose refused long after a bag that nobody stopped says nothing of that bag
@example([[_night("New Bag", "2025-03-30 01:50"), _night("Not Given", "2025-10-26 02:30")]])
@settings(max_examples=examples(6))
@given(st.lists(st.lists(NIGHT, min_size=1, max_size=8), min_size=1, max_size=40))
def test_bags_are_those_of_the_oracle_where_the_clocks_change(orders: list[list[Row]]) -> None:
    _compare(orders)


def _compare(orders: list[list[Row]]) -> None:
    con = _ingested(orders)
    zone = ZoneInfo(orders[0][0].get("zone", "UTC"))
    fates: Counter[tuple[str, str]] = Counter()
    bags: dict[str, tuple[object, ...]] = {}
    steps: Counter[tuple[str, object, Decimal]] = Counter()
    refused: set[str] = set()
    for number, order in enumerate(orders):
        told, found, not_given = read(order)
        fates.update((order[index]["action"], fate) for index, fate in told.items())
        refused |= {f"o{number}-not-{n}" for n, _ in enumerate(not_given, 1)}
        for place, bag in enumerate(found, 1):
            name = f"o{number}-{place}"
            known = rates(bag)
            weight = grams(bag)
            bags[name] = (
                bag.began["action_at"],
                ended_at(bag),
                None if isinstance(weight, str) else weight,
                volume(bag),
                max((rate for _, rate in known or []), default=None) or None,
                paused_minutes(bag),
            )
            if not bag.is_hour_repeated:
                local = [
                    (at.astimezone(zone).replace(tzinfo=None), rate) for at, rate in known or []
                ]
                steps.update((name, at, rate) for at, rate in local)
    counted = con.sql("SELECT (code, fate), n_rows FROM audit.row_account").fetchall()
    assert dict(counted) == fates
    given_bags = _rows(
        con,
        "infusion",
        "infusion_id, status, started_at, ended_at, dose_g::DECIMAL(18, 3),"
        " volume_ml::DECIMAL(18, 3), max_rate_ml_per_h::DECIMAL(18, 3),"
        " paused_minutes::DECIMAL(18, 3)",
    )
    assert {row[0]: row[2:] for row in given_bags if row[1] is None} == bags
    assert {row[0] for row in given_bags if row[1] == "not_given"} == refused
    found_steps = _rows(
        con, "rate_step", "infusion_id, changed_at::TIMESTAMP, rate_ml_per_h::DECIMAL(18, 3)"
    )
    assert Counter(found_steps) == steps
