"""Lots and vials: recorded, the same, enough, and not expired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from examined import Row, Verdicts, Ward, of, rule

DAY = date(2024, 3, 4)
POL = "POL-ANY-TRACEABILITY-0"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward judged by our own set."""
    made = Ward(
        tmp_path_factory.mktemp("lots"), rule("WARD-CIDP-LIMIT-01", "limit", "max_courses = 9")
    )
    yield made
    made.con.close()


def infusion(name: str, lot: str | None = "L1", **more: Any) -> Row:
    """Return an infusion of 30 g of the patient the name begins with, `p-3` three days on."""
    patient, _, day = name.partition("-")
    return {
        "infusion_id": name, "patient_id": patient, "started_at": DAY + timedelta(int(day or 0)),
        "dose_g": 30, "lot_number": lot, **more,
    }  # fmt: skip


def dispensing(name: str, lot: str | None = "L1", **more: Any) -> Row:
    """Return a dispensing of 30 g."""
    patient = name.partition("-")[0]
    return {
        "dispensing_id": name, "patient_id": patient, "dispensed_at": DAY, "dose_g": 30,
        "lot_number": lot, **more,
    }  # fmt: skip


def short(verdicts: Verdicts, number: int) -> dict[str, tuple[str, str, str | None]]:
    """Return subject kind, status and reason by subject."""
    return {
        name: (row["subject_kind"], row["status"], row["reason"])
        for name, row in of(verdicts, f"{POL}{number}").items()
    }


def test_a_bag_without_a_lot_is_a_finding_and_a_patient_without_one_a_verdict(ward: Ward) -> None:
    rows = [infusion("p"), infusion("p-9"), infusion("q"), infusion("q-9", None)]
    assert short(ward.examine({"infusion": rows}), 1) == {
        "p": ("patient", "met", None),
        "q-9": ("infusion", "breached", "lot_missing"),
    }


def test_a_lot_may_stand_in_its_own_table(ward: Ward) -> None:
    lots = [{"infusion_id": "p", "lot_number": "L1"}]
    verdicts = ward.examine({"infusion": [infusion("p", None)], "infusion_lot": lots})
    assert short(verdicts, 1) == {"p": ("patient", "met", None)}


@pytest.mark.parametrize(("with_lot", "status"), [(2, "breached"), (1, "not_assessable")])
def test_a_site_that_records_few_lots_is_not_asked_for_each(
    ward: Ward, with_lot: int, status: str
) -> None:
    rows = [infusion(f"p{n}", "L1" if n < with_lot else None, site_id="A") for n in range(4)]
    verdicts = of(ward.examine({"infusion": rows}), f"{POL}1")
    assert {row["status"] for row in verdicts.values()} == {"met", status}


def test_sites_and_years_stand_for_themselves(ward: Ward) -> None:
    rows = [
        infusion("a", None, site_id="A"),
        infusion("b", site_id="B"),
        infusion("c", None, site_id="B", started_at=date(2023, 5, 1)),
        infusion("d", site_id="B", started_at=date(2023, 5, 1)),
    ]
    assert short(ward.examine({"infusion": rows}), 1) == {
        "a": ("patient", "not_assessable", "lots_not_kept"),
        "b": ("patient", "met", None),
        "c": ("infusion", "breached", "lot_missing"),
        "d": ("patient", "met", None),
    }


def test_without_any_lot_the_table_is_missing(ward: Ward) -> None:
    verdicts = ward.examine({"infusion": [infusion("p", None)]})
    assert short(verdicts, 1) == {"p": ("patient", "not_assessable", "table_not_supplied")}
    assert short(verdicts, 3) == {}


def test_only_immunoglobulin_given_in_the_vein_is_asked_for(ward: Ward) -> None:
    rows = [
        infusion("a", None, status="not_given"),
        infusion("b", None, route="SC", product_code="Hizentra"),
        infusion("c"),
    ]
    assert short(ward.examine({"infusion": rows}), 1) == {"c": ("patient", "met", None)}


def test_a_dispensing_is_asked_for_its_lot_too(ward: Ward) -> None:
    rows = [dispensing("p"), dispensing("q", None)]
    verdicts = ward.examine({"infusion": [infusion("p")], "dispensing": rows})
    assert short(verdicts, 2) == {
        "p": ("patient", "met", None),
        "q": ("dispensing", "breached", "lot_missing"),
    }


@pytest.mark.parametrize(
    ("given", "dispensed", "answer"),
    [
        ("L1", "L1", ("patient", "met", None)),
        ("l-1 ", "L 1", ("patient", "met", None)),
        ("L1", "L2", ("infusion", "breached", "lot_differs")),
        ("L1", "L2 L1", ("patient", "met", None)),
        ("L1 L3", "L1 L2", ("infusion", "breached", "lot_differs")),
        ("L1 L2", "L2 L1", ("patient", "met", None)),
        ("L1", "", None),
        ("", "L1", None),
    ],
)
def test_the_lots_given_are_among_those_dispensed(
    ward: Ward, given: str, dispensed: str, answer: tuple[str, str, str | None] | None
) -> None:
    lots_given, lots_dispensed = given.split(" ") if "L1 " in given else [given], dispensed.split()
    if given == "l-1 ":
        lots_dispensed = [dispensed]
    records: dict[str, list[Row]] = {
        "infusion": [infusion("p", None, dispensing_id="p")],
        "dispensing": [dispensing("p", None)],
        "infusion_lot": [{"infusion_id": "p", "lot_number": lot} for lot in lots_given if lot],
        "dispensing_lot": [{"dispensing_id": "p", "lot_number": lot} for lot in lots_dispensed],
    }
    expected = {} if answer is None else {"p": answer}
    assert short(ward.examine(records), 3) == expected


@pytest.mark.parametrize(
    ("vials", "grams", "wasted", "answer"),
    [
        ("3x10", 30, None, ("met", None)),
        ("3x10", "20.001", None, ("met", None)),  # most of one vial was left
        ("3x10", 20, None, ("breached", "vials_differ")),  # a whole vial
        ("3x10", 20, 10, ("met", None)),
        ("2x10 1x5", 25, None, ("met", None)),
        ("2x10", "20.001", None, None),  # the contract takes no dose above its vials
    ],
)
def test_the_vials_given_add_up(
    ward: Ward, vials: str, grams: Any, wasted: int | None, answer: tuple[str, str | None] | None
) -> None:
    lots = []
    for place, word in enumerate(vials.split()):
        count, size = word.split("x")
        lots.append(
            {"infusion_id": "p", "lot_number": f"L{place}", "n_vials": count, "vial_size_g": size}
        )
    if wasted is not None:
        lots[0]["wasted_g"] = str(wasted)
    bag = infusion("p", None, dose_g=grams)
    found = short(ward.examine({"infusion": [bag], "infusion_lot": lots}), 4)
    expected = ("breached", "vials_differ") if answer is None else answer
    assert {row[1:] for row in found.values()} == {expected}


def test_vials_that_were_not_counted_say_nothing(ward: Ward) -> None:
    lots = [{"infusion_id": "p", "lot_number": "L1", "n_vials": "3", "vial_size_g": "10"}]
    bag = infusion("p", "L2")  # and another lot, of how many vials nobody wrote
    verdicts = ward.examine({"infusion": [bag], "infusion_lot": lots})
    assert short(verdicts, 4) == {"p": ("patient", "not_assessable", "vials_unknown")}


def test_what_is_left_of_a_stopped_bag_was_discarded(ward: Ward) -> None:
    lots = [{"infusion_id": "p", "lot_number": "L1", "n_vials": "3", "vial_size_g": "10"}]
    bag = infusion("p", None, dose_g=5, status="stopped")
    verdicts = ward.examine({"infusion": [bag], "infusion_lot": lots})
    assert short(verdicts, 4) == {"p": ("patient", "not_assessable", "vials_unknown")}


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"n_vials": 3, "vial_size_g": 10}, ("patient", "met", None)),
        ({"n_vials": 4, "vial_size_g": 10}, ("dispensing", "breached", "vials_differ")),
        ({"n_vials": 3}, ("patient", "not_assessable", "vials_unknown")),
    ],
)
def test_the_vials_dispensed_add_up(
    ward: Ward, more: Row, answer: tuple[str, str, str | None]
) -> None:
    records = {"infusion": [infusion("p")], "dispensing": [dispensing("p", **more)]}
    assert short(ward.examine(records), 5) == {"p": answer}


@pytest.mark.parametrize(
    ("expires_on", "answer"),
    [
        (DAY, ("patient", "met", None)),
        (DAY - timedelta(days=1), ("infusion", "breached", "lot_expired")),
        (None, ("patient", "not_assessable", "expiry_unknown")),
    ],
)
def test_a_lot_is_not_given_after_its_expiry_date(
    ward: Ward, expires_on: date | None, answer: tuple[str, str, str | None]
) -> None:
    records = {
        "infusion": [infusion("p", dispensing_id="p")],
        "dispensing": [dispensing("p", expires_on=expires_on)],
    }
    assert short(ward.examine(records), 6) == {"p": answer}
    records["infusion"] = [infusion("p", None)]
    records["infusion_lot"] = [{"infusion_id": "p", "lot_number": "L1", "expires_on": expires_on}]
    assert short(ward.examine(records), 6) == {"p": answer}


def test_the_lots_and_the_arithmetic_stand_beside_the_findings(ward: Ward) -> None:
    records: dict[str, list[Row]] = {
        "infusion": [
            infusion("a", dispensing_id="a"),
            infusion("b", None),
            infusion("c", dispensing_id="c"),
        ],
        "dispensing": [
            dispensing("a", "L2"),
            dispensing("c", expires_on=DAY - timedelta(days=2), n_vials=4, vial_size_g=10),
        ],
        "infusion_lot": [{"infusion_id": "b", "lot_number": "L1", "n_vials": 4, "vial_size_g": 10}],
    }
    ward.examine(records)
    shown = {
        (row["rule_id"], row["subject_id"][-1]): row["arithmetic"].splitlines()
        for row in ward.rows("SELECT rule_id, subject_id, arithmetic FROM audit.finding")
    }
    assert shown[f"{POL}3", "a"] == ["given: lot L1", "dispensed for it: lot L2"]
    assert shown[f"{POL}4", "b"] == [
        "vials: 4 × 10.000 g = 40.000 g",
        "a whole vial more: 40.000 g - 30.000 g ≥ 10.000 g",
    ]
    assert shown[f"{POL}5", "c"] == [
        "vials: 4 × 10.000 g = 40.000 g",
        "more than was dispensed: 40.000 g > 30.000 g",
    ]
    assert shown[f"{POL}6", "c"] == ["given after expiry: 2024-03-04 - 2024-03-02 = 2 d"]
    roles = ward.rows(
        "SELECT e.record, e.role FROM audit.evidence AS e INNER JOIN audit.finding AS f"
        f" USING (finding_key) WHERE f.rule_id = '{POL}3' ORDER BY ALL"
    )
    assert [(row["record"], row["role"]) for row in roles] == [
        ("dispensing", "lot dispensed"),
        ("infusion", "given"),
        ("infusion", "lot given"),
    ]
