"""Lay out what is known of a lot as plain tables, every section also when it is empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from pipeline.errors import printable
from pipeline.recall.search import Recall, Row

MATCH: Final = {
    "same": "as asked",
    "typed": "possible: case or signs",
    "alike": "possible: O/0, I/1 or alike",
    "part": "possible: number in number",
    "neighbour": "one character differs",
}
"""How near a lot is to the one asked for; whatever is possible, a human must decide."""

WHY: Final = {
    "bedside": "recorded at the bedside",
    "dispensed": "dispensed for it, no lot at the bedside",
    "dispensed_other_lot": "dispensed for it, another lot at the bedside",
    "dispensed_to_another": "names an issue to another patient",
    "dispensed_to_another_other_lot": "names an issue to another patient, but another lot",
    "dispensing_refused": "names an issue whose row was refused",
    "dispensing_refused_other_lot": "names an issue whose row was refused, but another lot",
    "not_given": "recorded, but as not given",
    "infused": "dispensed and shown infused",
    "partly_infused": "dispensed, not all of it shown infused",
    "not_infused": "dispensed, not shown infused",
    "no_infusions_supplied": "dispensed; the records hold no infusions",
    "returned": "returned: was it issued again?",
    "discarded": "recorded as discarded",
    "refused": "in a quarantined row",
    "refused_patient_unknown": "in a quarantined row, patient unknown",
    "unreadable": "in a line that could not be read",
    "event_names_lot": "an adverse event names the lot",
    "event_without_use": "an adverse event names the lot; no use recorded",
    "event_after": "began on or after the first use",
    "event_onset_unknown": "beginning unknown",
    "event_use_undated": "the day of the use is unknown",
}
"""Why a line is on the list."""

_UNSEARCHED: Final = {
    "dispensing_without_lot": "dispensings without a lot",
    "infusion_without_lot": "bags of any kind without a lot",
    "opted_out": "patients who opted out, of whom no record is in this run: ask the blood bank",
    "refused_without_lot": "quarantined rows without a lot of their own",
    "set_aside": "rows superseded or withdrawn, of which the run keeps no lot",
    "text_withheld": "unreadable lines not searched, for whose they are is not known",
    "unreadable_line": "unreadable lines (searched as text, the first 10,000 characters of each)",
}
_MAX_NEIGHBOURS: Final = 20
_LINES: Final = (
    ("given", "Given"),
    ("subcutaneous", "Subcutaneous use, given or dispensed for home"),
    ("not_shown", "Dispensed or ordered, not shown infused"),
    ("refused", "Rows in quarantine: nothing else in this run counts them"),
)


def as_text(recall: Recall) -> str:
    """Return the whole list as the terminal shows it."""
    parts = [
        _head(recall),
        _section("How much", _counts(recall)),
        _section("Patients", _patients(recall)),
        *(_section(title, _lines(recall, name)) for name, title in _LINES),
        _section("Reported adverse events of these patients", _events(recall)),
        _section("Other spellings and neighbours of the number: ask a human", _near(recall)),
        *_others(recall),
        _section("What this list cannot find", _lost(recall)),
    ]
    return "\n\n".join(parts)


def _head(recall: Recall) -> str:
    patients = recall.sections["patient"]
    n_sure = sum(row["likeness"] == "same" for row in patients)
    of = f"product {_shown(recall.product)}" if recall.product else "any product"
    lines = [
        f"Recall of lot {_shown(recall.lot)}, {of}. Records up to {recall.as_of}.",
        f"This page names patients: {len(patients)}, {n_sure} of them by the number as asked.",
    ]
    matches = {row["likeness"] for row in recall.sections["listed"]}
    if not matches:
        lines.append(
            "NOTHING FOUND: no record holds this lot or one like it, as asked. That is no proof."
        )
    elif "same" not in matches:
        lines.append("NO RECORD HOLDS THE LOT AS ASKED. All lines are possible only: ask a human.")
    elif len(matches) > 1:
        lines.append("Lines marked possible are another spelling or another lot: ask a human.")
    return "\n".join(lines)


def _counts(recall: Recall) -> list[str]:
    return _table(
        "match|product|patients|sessions|g given|given|subcutaneous|not shown|refused|events"
        "|first|last",
        [
            [
                MATCH[row["likeness"]], row["product"], row["n_patients"], row["n_sessions"],
                row["given_g"], row["n_given"], row["n_subcutaneous"], row["n_not_shown"],
                row["n_refused"], row["n_events"], row["first_on"], row["last_on"],
            ]
            for row in recall.sections["count"]
        ],
    )  # fmt: skip


def _patients(recall: Recall) -> list[str]:
    return _table(
        "patient|match|sessions|g of the lot|first|last|last contact|deceased|events|site|why",
        [
            [
                row["patient_id"], MATCH[row["likeness"]], row["n_sessions"], _grams(row),
                row["first_on"], row["last_on"], _contact(row), row["deceased_on"],
                row["n_events"], row["sites"],
                "; ".join(WHY[why] for why in row["why"].split()),
            ]
            for row in recall.sections["patient"]
        ],
    )  # fmt: skip


def _grams(row: Row) -> str | None:
    """Return the known grams, marked where those of some bags are unknown."""
    if row["is_every_gram_known"] in (None, True):
        return None if row["lot_g"] is None else str(row["lot_g"])
    return "?" if row["lot_g"] is None else f"≥ {row['lot_g']}"


def _contact(row: Row) -> str | None:
    if row["last_contact_on"] is None:
        return None
    return f"{row['last_contact_on']} ({row['contact_record']})"


def _lines(recall: Recall, section: str) -> list[str]:
    return _table(
        "no.|patient|date|product|lot as written|g of the lot|g in all|route|site|ward|match|why"
        "|where",
        [
            [
                row["line_no"], row["patient_id"], row["on_date"], row["product"],
                row["lot_number"], row["lot_g"], row["dose_g"], row["route"], row["site_id"],
                row["ward_id"], MATCH[row["likeness"]],
                WHY[row["why"]] + (f" ({row['detail']})" if row["detail"] else ""),
                f"{row['file_name'] or row['record']} record {row['source_row']}",
            ]
            for row in recall.sections["listed"]
            if row["section"] == section
        ],
    )  # fmt: skip


def _events(recall: Recall) -> list[str]:
    return _table(
        "patient|began|days after first use|event|grade|serious|imputability|outcome|names lot"
        "|reported to|why",
        [
            [
                row["patient_id"], row["onset_on"], row["days_after_first"], row["term"],
                row["grade"], {True: "yes", False: "no"}.get(row["is_serious"]),
                row["imputability"], row["outcome"], row["lot_number"], row["reported_to"],
                WHY[row["why"]],
            ]
            for row in recall.sections["event"]
        ],
    )  # fmt: skip


def _near(recall: Recall) -> list[str]:
    rows = recall.sections["near"]
    neighbours = [row for row in rows if row["likeness"] == "neighbour"]
    shown = [row for row in rows if row["likeness"] != "neighbour"] + neighbours[:_MAX_NEIGHBOURS]
    lines = _table(
        "lot as written|match|product|patients|infusions|dispensings|refused|events|uses",
        [
            [
                row["lot_number"], MATCH[row["likeness"]], row["product"], row["n_patients"],
                row["n_infusions"], row["n_dispensings"], row["n_refused"], row["n_events"],
                "listed above" if row["is_listed"] else "not listed",
            ]
            for row in shown
        ],
    )  # fmt: skip
    more = len(neighbours) - _MAX_NEIGHBOURS
    return [*lines, f"and {more} more that differ in one character"] if more > 0 else lines


def _others(recall: Recall) -> list[str]:
    rows = recall.sections["other_product"]
    if not rows:
        return []
    told = [[row["product"], row["n_patients"], row["n_lines"]] for row in rows]
    title = "The same number with other products, left out: run without --product to see them"
    return [_section(title, _table("product|patients|lines", told))]


def _lost(recall: Recall) -> list[str]:
    rows = recall.sections["without_lot"]
    total = rows[0]
    lines = [
        f"{total['n_without']} of {total['n_sessions']} sessions ({_share(total)}) name no lot",
        f"{total['n_lost']} of them ({_share(total, 'share_lost')}) have none dispensed either",
        f"{total['n_partly']} sessions name a lot for some of their bags only",
    ]
    lines += [
        f"{_UNSEARCHED[row['kind']]}: {row['n_rows']}"
        for row in recall.sections["unsearched"]
        if row["n_rows"]
    ]
    sites = [row for row in rows[1:] if row["n_without"]]
    told = [
        [row["site_id"] or "not recorded", row["n_sessions"], row["n_without"], _share(row),
         row["n_lost"]]
        for row in sites
    ]  # fmt: skip
    return lines + (_table("site|sessions|without lot|share|not dispensed with one either", told))


def _share(row: Row, name: str = "share_without") -> str:
    share = row[name]
    return "no sessions" if share is None else f"{Decimal(share) * 100:.2f} %"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join((title, *(f"  {line}" for line in lines or ["none"])))


def _table(header: str, rows: list[list[Any]]) -> list[str]:
    """Return aligned lines, without the columns that no row fills; nothing without rows."""
    if not rows:
        return []
    names = header.split("|")
    cells = [["" if cell is None else _shown(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(names)) if any(row[at] for row in cells)]
    widths = {at: max(len(names[at]), *(len(row[at]) for row in cells)) for at in kept}
    is_number = {
        at: all(row[at] is None or isinstance(row[at], int | Decimal) for row in rows)
        for at in kept
    }
    return [
        "  ".join(
            line[at].rjust(widths[at]) if is_number[at] else line[at].ljust(widths[at])
            for at in kept
        ).rstrip()
        for line in (names, *cells)
    ]


def _shown(value: object) -> str:
    return printable(str(value))
