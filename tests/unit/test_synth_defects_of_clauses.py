"""Planted clauses of regimens, watching, a raised lot: each stands in the records as labelled."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from synthetic import Row, courses_of, day, newest, read, weight_before

from pipeline.synth import synth


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    synth(folder, n_patients=900, seed=8, defects="all")
    return folder


def labels(folder: Path, kind: str) -> list[Row]:
    found = [row for row in read(folder, "truth") if row["kind"] == kind]
    assert found, kind
    return found


def bags_of(folder: Path, label: Row) -> list[Row]:
    return [row for row in read(folder, "infusion") if row["patient_id"] == label["patient_id"]]


def test_a_month_holds_more_of_the_labelled_product_than_its_label_allows(planted: Path) -> None:
    weights, courses = weight_before(planted), courses_of(planted)
    for label in labels(planted, "month_too_high"):
        own = courses[label["patient_id"]]
        number = [c[0]["infusion_id"] for c in own].index(label["source_record_id"])
        course, before = own[number], own[number - 1]
        assert {row["product_code"] for c in own for row in c} == {"Gammagard Liquid"}
        grams = sum(float(row["dose_g"]) for row in course)
        days = (day(course[0]) - day(before[0])).days
        kg = newest(weights[label["patient_id"]], course)[1]
        # 2.4 g/kg a month, and a tenth
        assert grams / kg > 1.1 * 2.4 * days / 30


def test_a_second_gram_comes_when_neither_reason_for_it_holds(planted: Path) -> None:
    for label in labels(planted, "repeat_off_days"):
        days = sorted({day(row) for row in bags_of(planted, label)})
        first = next(
            day(row) for row in bags_of(planted, label)
            if row["infusion_id"] == label["source_record_id"]
        )  # fmt: skip
        assert first == days[0]
        assert days[1] - first == timedelta(days=3)


def test_a_product_of_alternate_days_is_given_on_two_in_a_row(planted: Path) -> None:
    for label in labels(planted, "days_in_a_row"):
        course = next(
            c for c in courses_of(planted)[label["patient_id"]]
            if c[0]["infusion_id"] == label["source_record_id"]
        )  # fmt: skip
        assert {row["product_code"] for row in course} == {"Gammagard S/D"}
        first, last = day(course[0]), day(course[-1])
        assert (last - first).days == 1
        for row in course:
            assert float(row["volume_ml"]) == pytest.approx(float(row["dose_g"]) * 20)


def test_an_illness_began_more_than_two_weeks_before_its_course(planted: Path) -> None:
    began = {
        row["patient_id"]: datetime.fromisoformat(row["occurred_at"]).date()
        for row in read(planted, "clinical_event") if row["event_code"] == "symptom_onset"
    }  # fmt: skip
    for label in labels(planted, "late_after_onset"):
        first = min(day(row) for row in bags_of(planted, label))
        assert (first - began[label["patient_id"]]).days == 24


def test_haemoglobin_of_a_slow_fall_is_lost_through_the_last_year(planted: Path) -> None:
    for label in labels(planted, "haemoglobin_slow_fall"):
        own = [
            (
                date.fromisoformat(row["collected_at"][:10]),
                float(row["value"]) / (10 if row["unit"] == "g/L" else 1),
            )
            for row in read(planted, "lab_result")
            if row["patient_id"] == label["patient_id"] and row["test_code"] == "718-7"
        ]
        before = [value for on, value in own if on <= date(2024, 1, 1)]
        last = [value for on, value in own if on > date(2024, 10, 1)]
        assert len(last) >= 2
        assert min(before) - max(last) > 0.8
        for (on, value), (then, later) in itertools.pairwise(sorted(own)):
            # one course tells nothing: what is lost from one to the next is no fall
            if (then - on).days <= 7:
                assert value - later < 1


def test_watching_is_written_of_three_kinds_alone_and_missing_of_one_course(planted: Path) -> None:
    written = {
        row["patient_id"] for row in read(planted, "infusion")
        if row["reaction_observed"] or row["observed_until"]
    }  # fmt: skip
    kinds = {
        kind: {label["patient_id"] for label in labels(planted, kind)}
        for kind in ("watched_none_seen", "watching_not_written", "watched_too_short")
    }
    assert written == set.union(*kinds.values())
    for label in labels(planted, "watched_none_seen"):
        assert {row["reaction_observed"] for row in bags_of(planted, label)} == {"false"}
    for label in labels(planted, "watching_not_written"):
        silent = {day(r) for r in bags_of(planted, label) if not r["reaction_observed"]}
        told = {day(r) for r in bags_of(planted, label) if r["reaction_observed"] == "false"}
        (only,) = silent
        assert min(abs(only - other) for other in told) <= timedelta(days=30)
    for label in labels(planted, "watched_too_short"):
        short = {day(row) for row in bags_of(planted, label) if watched(row) < 20}
        assert len(short) == 1
        assert min(watched(row) for row in bags_of(planted, label) if day(row) not in short) >= 60


def watched(row: Row) -> float:
    """Return the minutes that somebody watched after an infusion."""
    until = datetime.fromisoformat(row["observed_until"])
    return (until - datetime.fromisoformat(row["ended_at"])).total_seconds() / 60


def test_a_result_lies_before_the_birth_of_its_patient(planted: Path) -> None:
    born = {row["patient_id"]: row["birth_date"] for row in read(planted, "patient")}
    unborn = {
        f"{row['patient_id']}:{row['test_code']}|{row['collected_at']}"
        for row in read(planted, "lab_result")
        if date.fromisoformat(row["collected_at"][:10])
        < date.fromisoformat(born[row["patient_id"]])
    }
    found = labels(planted, "result_before_birth")
    assert unborn == {label["source_record_id"] for label in found}


def test_a_stroke_is_coded_the_day_after_and_was_not_there_on_admission(planted: Path) -> None:
    courses = courses_of(planted)
    for label in labels(planted, "stroke_coded"):
        (code,) = (
            row for row in read(planted, "diagnosis")
            if row["patient_id"] == label["patient_id"] and row["code"].startswith("I63")
        )  # fmt: skip
        assert (code["position"], code["present_on_admission"]) == ("secondary", "false")
        (course,) = (
            c for c in courses[label["patient_id"]]
            if c[0]["infusion_id"] == label["source_record_id"]
        )  # fmt: skip
        assert date.fromisoformat(code["onset_on"]) - day(course[-1]) == timedelta(days=1)


def test_everybody_who_got_the_raised_lot_reports_a_headache_and_nobody_else_got_it(
    planted: Path,
) -> None:
    found = labels(planted, "raised_lot")
    (lot,) = {label["source_record_id"] for label in found}
    for record in ("infusion", "dispensing"):
        given = {row["patient_id"] for row in read(planted, record) if row["lot_number"] == lot}
        assert given == {label["patient_id"] for label in found}
    told = {
        row["patient_id"] for row in read(planted, "adverse_event")
        if row["lot_number"] == lot or row["patient_id"] in given
    }  # fmt: skip
    assert told == given
    assert len(found) >= 4
    days = [day(row) for row in read(planted, "infusion") if row["lot_number"] == lot]
    assert max(days) - min(days) <= timedelta(days=200)
