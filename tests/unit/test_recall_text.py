"""What the page of a recall says, also where there is little to say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline import resources
from pipeline.recall import Recall, as_text, has_number, subject_of
from pipeline.recall.text import MATCH, WHY

TOTAL = {
    "site_id": None, "is_total": True, "n_sessions": 4, "n_without": 1, "n_partly": 0,
    "n_lost": 1, "share_without": Decimal("0.25"), "share_lost": Decimal("0.25"),
}  # fmt: skip
LINE = dict.fromkeys(
    (
        "lot_g", "dose_g", "route", "site_id", "ward_id", "expires_on", "detail",
        "last_contact_on", "deceased_on",
    )
) | {
    "line_no": 1, "section": "given", "likeness": "same", "why": "bedside", "patient_id": "p1",
    "on_date": date(2024, 3, 1), "product": "Vena", "lot_number": "A-1", "record": "infusion",
    "file_name": "infusion.csv", "source_row": 7,
}  # fmt: skip
NEAR = {
    "lot_number": "A-2", "likeness": "neighbour", "product": "Vena", "is_listed": False,
    "n_patients": 1, "n_infusions": 1, "n_dispensings": 0, "n_refused": 0, "n_events": 0,
}  # fmt: skip


def page(**sections: list[dict[str, Any]]) -> str:
    """Return the page of a recall whose other sections are empty."""
    names = ("count", "patient", "listed", "other_product", "near", "unsearched", "event")
    empty: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    every = empty | {"without_lot": [TOTAL]} | sections
    return as_text(Recall("A-1", None, date(2024, 12, 31), every, []))


def test_an_empty_page_says_so_first_and_what_it_cannot_find_last() -> None:
    text = page()
    assert "NOTHING FOUND" in text.splitlines()[2]
    assert "Subcutaneous use, given or dispensed for home\n  none" in text
    assert "1 of 4 sessions (25.00 %) name no lot" in text.split("cannot find")[1]


def test_a_share_of_no_sessions_is_none() -> None:
    nothing = {"n_sessions": 0, "n_without": 0, "n_lost": 0}
    total = TOTAL | nothing | {"share_without": None, "share_lost": None}
    assert "0 of 0 sessions (no sessions)" in page(without_lot=[total])


@pytest.mark.parametrize(
    ("likenesses", "said"),
    [
        (("same",), "This page names patients"),
        (("typed",), "NO RECORD HOLDS THE LOT AS ASKED"),
        (("same", "alike"), "Lines marked possible"),
    ],
)
def test_the_page_says_how_sure_it_is(likenesses: tuple[str, ...], said: str) -> None:
    text = page(listed=[LINE | {"likeness": likeness} for likeness in likenesses])
    assert said in text
    assert ("ask a human." in text.split("How much")[0]) is (likenesses != ("same",))


def test_a_line_says_where_it_stands_and_no_value_steers_the_terminal() -> None:
    text = page(listed=[LINE | {"patient_id": "p1\x1b[2J\n", "lot_g": Decimal("10.000")}])
    assert "p1�[2J�" in text
    assert "recorded at the bedside  infusion.csv record 7" in text
    assert "route" not in text.split("Given")[1].split("Subcutaneous")[0]  # a column nobody fills


def test_many_neighbours_are_counted_not_printed() -> None:
    text = page(near=[NEAR | {"lot_number": f"A-{n}"} for n in range(10, 35)])
    assert text.count("one character differs") == 20
    assert "and 5 more that differ in one character" in text


def test_every_reason_and_likeness_the_sql_gives_has_its_words() -> None:
    folder = resources.folder("sql") / "recall"
    text = "\n".join(path.read_text("utf-8") for path in sorted(Path(folder).glob("*.sql")))
    for word in {*WHY, *MATCH} - {name for name in WHY if name.endswith("_other_lot")}:
        assert f"'{word}'" in text, word
    linked = {name.removesuffix("_other_lot") for name in WHY if name.endswith("_other_lot")}
    assert linked == {"dispensed", "dispensed_to_another", "dispensing_refused"}


def test_a_lot_needs_a_letter_or_digit_and_its_key_does_not_show_it() -> None:
    assert has_number(" A ")
    assert not has_number("-- /")
    key = subject_of("AB-1023", None)
    assert len(key) == 16
    assert key == subject_of("ab 1023", "") != subject_of("AB-1023", "Vena")
