"""Write the infusions of a folder of contract CSV files as actions of a medication record.

Everything else lies beside as it is. What actions cannot say is left out. Shares no code with the
reader.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from tools.written_as_omop import Row, read

LEFT_OUT = (
    "initial_rate_ml_per_h", "max_rate_ml_per_h", "volume_ml", "reaction_observed",
    "observed_until", "stop_reason",
)  # fmt: skip
NAMES = {
    "N02BE01": "acetaminophen 500 mg tablet", "B01AC06": "aspirin 81 mg tablet",
    "N02BA01": "aspirin 81 mg tablet", "A10AE04": "insulin glargine pen",
}  # fmt: skip
"""Actions name medicines and have no codes."""
LINKED = ("infusion", "infusion_lot", "rate_step", "adverse_event")
KEPT = (
    "indication_code", "phase", "prescribed_dose_g", "dispensing_id", "authorisation_id",
    "ward_id", "site_id", "prescriber_id", "lot_number", "route",
)  # fmt: skip


def only_carried(source: Path, target: Path) -> Path:
    """Write the contract files less what actions cannot say; a bag is `<order>-<number>`."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.csv")):
        rows = read(source, path.stem)
        if not rows:
            (target / path.name).write_bytes(path.read_bytes())
            continue
        for row in rows if path.stem in LINKED else []:
            is_refused = path.stem == "infusion" and row["status"] == "not_given"
            if row["infusion_id"]:
                row["infusion_id"] += "-not-1" if is_refused else "-1"
        if path.stem == "infusion":
            rows = [
                {name: cell for name, cell in row.items() if name not in LEFT_OUT}
                for row in rows
                if not _ends_before_it_starts(row)
            ]
            for row in rows:
                row["status"] = row["status"] if row["status"] != "completed" else ""
        if path.stem == "medication":
            rows = [
                row | {"code_system": "NAME", "code": NAMES[row["code"]], "ended_at": ""}
                for row in rows
            ]
        _write(path.name, target, rows)
    return target


def as_mar(source: Path, target: Path) -> Path:
    """Write `mar_action.csv`, and beside it every record but infusions and their rates."""
    target.mkdir(parents=True, exist_ok=True)
    steps: dict[str, list[Row]] = {}
    for step in read(source, "rate_step"):
        steps.setdefault(step["infusion_id"], []).append(step)
    actions = [
        action
        for row in read(source, "infusion")
        if not _ends_before_it_starts(row)
        for action in _actions(row, steps.get(row["infusion_id"], []))
    ]
    actions += [_medicine(row) for row in read(source, "medication")]
    _write("mar_action.csv", only_carried(source, target), actions)
    for record in ("infusion", "rate_step", "medication"):
        (target / f"{record}.csv").unlink()
    return target


def _ends_before_it_starts(row: Row) -> bool:
    """Say whether the row breaks the contract; as actions it is a stop without a bag, and a bag."""
    return bool(row["ended_at"]) and row["ended_at"] < row["started_at"]


def _actions(row: Row, steps: list[Row]) -> list[Row]:
    """Return the actions of one infusion: an order of its own."""
    own = {
        "order_id": row["infusion_id"], "patient_id": row["patient_id"],
        "medication": row["product_code"],
    } | {name: row[name] for name in KEPT}  # fmt: skip
    if row["status"] == "not_given":
        return [own | _said("Not Given", row["started_at"]) | {"reason": row["stop_reason"]}]
    begun = own | _said("New Bag" if row["ended_at"] else "Given", row["started_at"])
    actions = [begun | {"dose": row["dose_g"], "dose_unit": "g" if row["dose_g"] else ""}]
    for number, step in enumerate(sorted(steps, key=lambda step: step["changed_at"])):
        said = {"rate": step["rate_ml_per_h"], "rate_unit": "mL/hr"}
        if number == 0 and step["changed_at"] == row["started_at"]:
            actions[0] |= said
        else:
            # a dose beside a change of rate is no dose
            more = {"dose": row["dose_g"], "dose_unit": "g"}
            actions.append(own | _said("Rate Change", step["changed_at"]) | said | more)
    if row["ended_at"]:
        reason = {"reason": "reaction" if row["status"] == "stopped" else ""}
        actions.append(own | _said("Stopped", row["ended_at"]) | reason)
    due = datetime.fromisoformat(row["started_at"]) - timedelta(minutes=30)
    return [own | _said("Due", due.isoformat()), *actions]


def _medicine(row: Row) -> Row:
    return {
        "order_id": f"m-{row['patient_id']}-{row['started_at']}-{row['code']}",
        "patient_id": row["patient_id"], "medication": NAMES[row["code"]], "action": "Given",
        "action_at": row["started_at"],
    }  # fmt: skip


def _said(action: str, at: str) -> Row:
    return {"action": action, "action_at": at}


def _write(name: str, target: Path, rows: list[Row]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (target / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
