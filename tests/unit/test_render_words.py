"""Numbers, dates and sentences as the reader sees them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.render import numbers, sentences, words
from pipeline.render.tables import Row
from schemas.verdict import Cap, Clause, Reason, Severity


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("0", "0.0%"),
        ("0.0004", "under 0.1%"),
        ("0.0005", "0.1%"),
        ("0.0555", "5.6%"),
        ("0.9996", "over 99.9%"),
        ("1", "100.0%"),
    ],
)
def test_a_share_too_small_to_show_is_not_shown_as_none(value: str | None, shown: str) -> None:
    assert numbers.share(None if value is None else Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "share", "points"),
    [
        (None, "–", "–"),
        ("0", "0.00%", "0.00"),
        ("0.1556", "15.56%", "+15.56"),
        ("-0.5556", "-55.56%", "−55.56"),
        ("0.0001", "0.01%", "+0.01"),
    ],
)
def test_a_change_is_shown_in_signed_points(value: str | None, share: str, points: str) -> None:
    exact = None if value is None else Decimal(value)
    assert (numbers.fine_share(exact), numbers.points(exact)) == (share, points)


def test_a_change_says_which_step_moved_the_share() -> None:
    row: Row = {
        "share_then": Decimal("0.25"),
        "share_now": Decimal("0.20"),
        "change_all": Decimal("-0.05"),
        "change_late": Decimal("0.01"),
        "change_practice": Decimal(0),
        "change_rules": Decimal("-0.06"),
    }
    assert sentences.change(row) == (
        "The share went from 25.00% to 20.00%, −5.00 points: "
        "late data +1.00, practice 0.00, rules −6.00."
    )
    assert "not split" in sentences.change(row | {"change_late": None})


def test_the_sentence_on_several_sets_names_the_lowest_and_the_highest() -> None:
    low: Row = {"title": "A label", "n_judged": 5, "share_off": Decimal("0.1")}
    high: Row = {"title": "A policy", "n_judged": 3, "share_off": Decimal("0.4")}
    none: Row = {"title": "A text", "n_judged": 0, "share_off": None}
    assert sentences.sets([high, low]).startswith("From 10.0% (A label) to 40.0% (A policy)")
    assert sentences.sets([high, low, none]).endswith("1 set could judge none.")
    assert sentences.sets([low, none]).startswith("Only A label could judge")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), ("1234.500", "1,234.5"), ("40.000", "40"), ("0", "0"), ("100", "100")],
)
def test_a_measured_value_loses_its_trailing_zeros(value: str | None, shown: str) -> None:
    assert numbers.plain(None if value is None else Decimal(value)) == shown


def test_counts_grams_and_dates_read_well() -> None:
    assert numbers.count(1234567) == "1,234,567"
    assert numbers.grams(Decimal("1234.55")) == "1,234.6"
    assert numbers.whole_grams(Decimal("0.5")) == "1"
    assert numbers.day(date(2025, 3, 3)) == "3 Mar 2025"
    assert numbers.day(None) == "unknown"
    assert numbers.plural(0, "course") == "no course"
    assert numbers.plural(1, "course") == "1 course"
    assert numbers.plural(2000, "day") == "2,000 days"


def test_long_text_is_clipped_and_missing_text_is_a_dash() -> None:
    assert numbers.clip("x" * 10_000, 10) == "x" * 9 + "…"
    assert numbers.clip(None) == "–"


@pytest.mark.parametrize(
    ("codes", "known"),
    [
        (list(Reason), words.REASON),
        (list(Cap), words.CAP),
        (list(Clause), words.CLAUSE),
        (list(Severity), words.SEVERITY),
    ],
)
def test_every_code_of_a_verdict_has_words(codes: list[str], known: dict[str, str]) -> None:
    assert [code for code in codes if code not in known] == []


def _card(**told: object) -> Row:
    card: Row = {
        "kind": "regimen",
        "clause": "dose_total",
        "reason": None,
        "unit": "g",
        "observed": Decimal(60),
        "limit_low": Decimal(38),
        "limit_high": Decimal("38.2"),
    }
    return card | told


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({}, "Dose of the course above the limit: 60 g; permitted 38 to 38.2 g"),
        (
            {"observed": Decimal(20)},
            "Dose of the course below the limit: 20 g; permitted 38 to 38.2 g",
        ),
        (
            {
                "clause": "interval",
                "unit": "days",
                "observed": Decimal(14),
                "limit_low": Decimal(21),
                "limit_high": Decimal(28),
            },
            "Earlier than the interval: 14 days; permitted 21 to 28 days",
        ),
        (
            {
                "kind": "weight",
                "clause": "weight",
                "unit": "days",
                "observed": Decimal(41),
                "limit_low": None,
                "limit_high": Decimal(30),
            },
            "Weight older than the limit: 41 days; permitted at most 30 days",
        ),
        (
            {"kind": "weight", "clause": "weight", "observed": None, "reason": "weight_missing"},
            "Weight: no weight",
        ),
        (
            {
                "kind": "precaution",
                "observed": None,
                "reason": None,
                "arithmetic": "the product holds: sucrose\nage of 65 or more: 70 ≥ 65",
            },
            "Product and patient: age of 65 or more: 70 ≥ 65",
        ),
        (
            {"limit_low": Decimal(2), "limit_high": Decimal(2), "observed": Decimal(3)},
            "Dose of the course above the limit: 3 g; permitted 2 g",
        ),
        (
            {
                "clause": "days",
                "unit": "days",
                "observed": Decimal(3),
                "limit_low": Decimal(1),
                "limit_high": Decimal(1),
            },
            "Too many days: 3 days; permitted 1 day",
        ),
        (
            # 25 g would fit a month: what is told is the share of eleven days
            {
                "clause": "month",
                "observed": Decimal(25),
                "limit_low": Decimal("8.152"),
                "limit_high": Decimal("12.229"),
            },
            "Too much for the days it covers: 25 g; permitted 8.152 to 12.229 g",
        ),
        (
            {"kind": "rounding", "clause": "rounding", "observed": Decimal(28)}
            | {"limit_low": None, "limit_high": None},
            "Not rounded as the rule says: 28 g",
        ),
    ],
)
def test_a_finding_says_which_side_of_its_limit_it_lies_on(
    told: dict[str, object], line: str
) -> None:
    assert sentences.finding(_card(**told)) == line


def test_a_weight_says_day_age_and_policy() -> None:
    card: Row = {
        "weight_policy": "actual",
        "weight_kg": Decimal("62.5"),
        "literal_kg": Decimal("62.5"),
        "weight_basis_used": "actual",
        "measured_on": date(2025, 3, 1),
        "age_days": 2,
        "is_stale": False,
    }
    assert sentences.weight(card) == (
        "62.5 kg, actual weight, policy “actual”; weighed on 1 Mar 2025, 2 days before the start."
    )
    assert "on the day of the start" in sentences.weight(card | {"age_days": 0})
    assert "older than the limit" in sentences.weight(card | {"is_stale": True})
    assert sentences.weight(card | {"weight_kg": None}).startswith("No usable weight")
    lean = card | {"literal_kg": Decimal("67.909"), "weight_basis_used": "adjusted"}
    assert sentences.weight(lean).startswith(
        "62.5 kg, adjusted weight, policy “actual” (its formula alone gives 67.91 kg, above the"
        " actual weight)"
    )


def test_one_whole_month_is_not_compared() -> None:
    rows = [{"is_partial": False, "grams": Decimal(5), "month_on": date(2025, 1, 1)}]
    assert "cannot be compared" in sentences.months(rows)


def test_no_judged_course_is_said_so() -> None:
    assert "In no indication" in sentences.outcomes([{"n_judged": 0}])
    assert "No interval could be measured" in sentences.intervals([{"n_known": 0}])


@pytest.mark.parametrize(
    ("step", "shown"),
    [("month", "Apr 2030"), ("quarter", "Q2 2030"), ("year", "2030"), ("decade", "2030s")],
)
def test_a_step_of_time_bears_the_name_of_its_first_day(step: str, shown: str) -> None:
    assert numbers.step_name(date(2030, 4, 1), step) == shown
