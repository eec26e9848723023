"""Planted defects of use: each stands in the records that the truth names."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest
from synthetic import Row, courses_of, day, newest, read, weight_before

from pipeline.synth import synth


class Folder:
    """The records of one folder, as a test asks for them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.infusions = {row["infusion_id"]: row for row in read(path, "infusion")}
        self.issues = {row["dispensing_id"]: row for row in read(path, "dispensing")}
        self.weights = weight_before(path)
        self.courses = courses_of(path)
        self.labels: dict[str, list[Row]] = defaultdict(list)
        for row in read(path, "truth"):
            self.labels[row["kind"]].append(row)

    def of_patients(self, record: str, labels: list[Row]) -> dict[str, list[Row]]:
        """Return each labelled patient's rows of a record."""
        rows: dict[str, list[Row]] = {label["patient_id"]: [] for label in labels}
        for row in read(self.path, record):
            if row["patient_id"] in rows:
                rows[row["patient_id"]].append(row)
        return rows

    def course(self, label: Row) -> list[Row]:
        """Return the course that a label names by its first infusion."""
        (found,) = (
            course for course in self.courses[label["patient_id"]]
            if course[0]["infusion_id"] == label["source_record_id"]
        )  # fmt: skip
        return found

    def mg_per_kg_min(self, ml_per_h: float, row: Row) -> float:
        """Return a rate by the patient's newest weight."""
        per_ml = 50 if row["product_code"].endswith("5 %") else 100
        return ml_per_h * per_ml / newest(self.weights[row["patient_id"]], [row])[1] / 60


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = tmp_path_factory.mktemp("planted")
    synth(folder, n_patients=900, seed=8, defects="all")
    return Folder(folder)


def test_rates_above_the_label_show_in_a_rate_a_step_or_the_time(planted: Folder) -> None:
    steps: dict[str, list[float]] = defaultdict(list)
    for step in read(planted.path, "rate_step"):
        steps[step["infusion_id"]].append(float(step["rate_ml_per_h"]))
    ways = set()
    for label in planted.labels["rate_above_label"]:
        row = planted.infusions[label["source_record_id"]]
        hours = (
            datetime.fromisoformat(row["ended_at"]) - datetime.fromisoformat(row["started_at"])
        ).total_seconds() / 3600
        rates = {
            "recorded": float(row["max_rate_ml_per_h"] or 0),
            "step": max(steps[row["infusion_id"]], default=0),
            "time": float(row["volume_ml"]) / hours,
        }
        fast = {way for way, rate in rates.items() if planted.mg_per_kg_min(rate, row) > 14}
        assert fast
        ways |= fast
    assert ways == {"recorded", "step", "time"}


def test_first_infusions_that_start_too_fast_are_the_first(planted: Folder) -> None:
    for label in planted.labels["first_rate_high"]:
        row = planted.infusions[label["source_record_id"]]
        assert row is not None
        assert planted.courses[row["patient_id"]][0][0]["infusion_id"] == row["infusion_id"]
        assert planted.mg_per_kg_min(float(row["initial_rate_ml_per_h"]), row) > 2
    assert planted.labels["first_rate_high"]


def test_rates_above_a_cap_are_below_the_label(planted: Folder) -> None:
    codes = planted.of_patients("diagnosis", planted.labels["rate_above_risk_cap"])
    for label in planted.labels["rate_above_risk_cap"]:
        row = planted.infusions[label["source_record_id"]]
        assert row["product_code"] == "Panzyga"
        assert 3.3 < planted.mg_per_kg_min(float(row["max_rate_ml_per_h"]), row) < 8
        assert "N18.30" in {code["code"] for code in codes[label["patient_id"]]}


@pytest.mark.parametrize(
    ("kind", "product", "code"),
    [
        ("proline", "Privigen", "E72.59"),
        ("sorbitol", "Flebogamma DIF 5 %", "E74.12"),
        ("maltose_glucose", "Octagam 10 %", "E10.9"),
        ("sucrose_renal", "Carimune NF", "N18.30"),
    ],
)
def test_a_product_is_given_to_one_whom_it_harms(
    planted: Folder, kind: str, product: str, code: str
) -> None:
    codes = planted.of_patients("diagnosis", planted.labels[kind])
    for label in planted.labels[kind]:
        course = planted.course(label)
        assert {row["product_code"] for row in course} == {product}
        assert code in {row["code"] for row in codes[label["patient_id"]]}
        others = [c for c in planted.courses[label["patient_id"]] if c is not course]
        assert all(row["product_code"] != product for c in others for row in c)
    assert planted.labels[kind]


def test_antibodies_against_iga_come_with_an_earlier_reaction(planted: Folder) -> None:
    labels = planted.labels["iga_antibodies"]
    patients = planted.of_patients("patient", labels)
    events = planted.of_patients("clinical_event", labels)
    for label in labels:
        ((patient,), known) = patients[label["patient_id"]], events[label["patient_id"]]
        assert (patient["is_iga_deficient"], patient["has_anti_iga"]) == ("true", "true")
        begun = planted.infusions[label["source_record_id"]]["started_at"]
        assert any(
            e["event_code"] == "hypersensitivity" and e["occurred_at"] < begun for e in known
        )
    assert labels


def test_live_vaccines_are_too_early_or_just_before(planted: Folder) -> None:
    for kind in ("vaccine_early", "vaccine_then_ivig"):
        for label in planted.labels[kind]:
            patient, _, rest = label["source_record_id"].partition(":")
            code, _, given_on = rest.partition("|")
            gap = (date.fromisoformat(given_on) - day(planted.courses[patient][0][0])).days
            assert code == "03"
            assert 90 <= gap <= 300 if kind == "vaccine_early" else -12 <= gap <= -2
            if kind == "vaccine_early":
                (course,) = planted.courses[patient]
                kg = newest(planted.weights[patient], course)[1]
                assert 2.0 * kg <= sum(float(row["dose_g"]) for row in course) <= 2.2 * kg + 2.5
        assert planted.labels[kind]


def test_breaks_of_the_ledger_are_in_the_rows_the_truth_names(planted: Folder) -> None:
    linked = {row["dispensing_id"]: row for row in planted.infusions.values()}
    for label in planted.labels["not_infused"] + planted.labels["duplicate_dispensing"]:
        assert label["source_record_id"] not in linked
    for label in planted.labels["infused_undispensed"]:
        row = planted.infusions[label["source_record_id"]]
        issued = [i for i in planted.issues.values() if i["patient_id"] == row["patient_id"]]
        assert all(i["dispensed_at"][:10] != row["started_at"][:10] for i in issued)
        assert row["dispensing_id"] == ""
    for label in planted.labels["outside_period"]:
        assert label["source_record_id"] not in linked
        assert planted.issues[label["source_record_id"]]["dispensed_at"] >= "2024-12-31"
    for kind, column in (("other_product", "product_code"), ("other_lot", "lot_number"),
                         ("grams_differ", "dose_g")):  # fmt: skip
        for label in planted.labels[kind]:
            named = label["source_record_id"]
            row = planted.infusions[named] if label["record"] == "infusion" else linked[named]
            issue = planted.issues[row["dispensing_id"]]
            same = [name for name in ("product_code", "lot_number", "dose_g") if name != column]
            assert issue[column] != row[column]
            assert all(issue[name] == row[name] for name in same)
        assert planted.labels[kind]


def test_lots_are_missing_where_the_truth_says(planted: Folder) -> None:
    for kind, rows, other in (
        ("lot_missing", planted.infusions, planted.issues),
        ("issued_lot_missing", planted.issues, planted.infusions),
    ):
        parts = {row[next(iter(row))] for row in read(planted.path, "infusion_lot")}
        parts |= {row[next(iter(row))] for row in read(planted.path, "dispensing_lot")}
        for label in planted.labels[kind]:
            row = rows[label["source_record_id"]]
            assert row["lot_number"] == ""
            assert label["source_record_id"] not in parts
            twin = [r for r in other.values() if r["dispensing_id"] == row["dispensing_id"]]
            assert twin[0]["lot_number"] != ""
        assert planted.labels[kind]


def test_a_dose_is_no_number_of_vials_or_far_from_the_prescription(planted: Folder) -> None:
    for label in planted.labels["dose_off_grid"]:
        row = planted.infusions[label["source_record_id"]]
        issue = planted.issues[row["dispensing_id"]]
        assert float(row["dose_g"]) * 2 % 1 != 0
        assert (issue["dose_g"], issue["wasted_g"]) == (row["dose_g"], "")
    for label in planted.labels["rounded_too_far"]:
        row = planted.infusions[label["source_record_id"]]
        assert float(row["dose_g"]) - float(row["prescribed_dose_g"]) > 0.2 * float(row["dose_g"])
    assert planted.labels["dose_off_grid"]
    assert planted.labels["rounded_too_far"]


def test_courses_lack_the_approval_the_truth_says(planted: Folder) -> None:
    kinds = ("no_approval", "expired_approval", "approved_late", "declined")
    labels = [label for kind in kinds for label in planted.labels[kind]]
    approvals = planted.of_patients("authorisation", labels)
    for label in labels:
        on = planted.infusions[label["source_record_id"]]["started_at"][:10]
        own = approvals[label["patient_id"]]
        holding = [
            row for row in own
            if row["decision"] == "approved" and row["valid_from"] <= on <= row["valid_to"]
            and row["indication_code"] == "sid"
        ]  # fmt: skip
        assert holding == []
        assert own
        assert label["kind"] != "declined" or any(row["decision"] == "declined" for row in own)
        assert label["kind"] != "approved_late" or any(row["decided_on"] > on for row in own)
    assert {label["kind"] for label in labels} == set(kinds)


def test_what_was_approved_is_exceeded_or_named_too_late(planted: Folder) -> None:
    labels = planted.labels["dose_above_approved"] + planted.labels["expired_approval_named"]
    approvals = planted.of_patients("authorisation", labels)
    for label in planted.labels["dose_above_approved"]:
        course = planted.course(label)
        kg = newest(planted.weights[label["patient_id"]], course)[1]
        (approval,) = approvals[label["patient_id"]]
        grams = sum(float(row["dose_g"]) for row in course)
        assert grams > 1.3 * float(approval["dose_g_per_kg"]) * kg
    for label in planted.labels["expired_approval_named"]:
        by_id = {a["authorisation_id"]: a for a in approvals[label["patient_id"]]}
        ended_on = by_id[label["source_record_id"]]["valid_to"]
        late = [
            row for row in planted.infusions.values()
            if row["authorisation_id"] == label["source_record_id"]
            and row["started_at"][:10] > ended_on
        ]  # fmt: skip
        assert late
        on = late[0]["started_at"][:10]
        assert any(a["valid_from"] <= on <= a["valid_to"] for a in by_id.values())


def test_courses_come_sooner_or_oftener_than_approved(planted: Folder) -> None:
    labels = planted.labels["sooner_than_approved"] + planted.labels["more_than_approved"]
    approvals = planted.of_patients("authorisation", labels)
    for label in planted.labels["sooner_than_approved"]:
        (approval,) = approvals[label["patient_id"]]
        courses = planted.courses[label["patient_id"]]
        place = courses.index(planted.course(label))
        gap = (day(courses[place][0]) - day(courses[place - 1][0])).days
        assert place > 0
        assert gap < int(approval["interval_days"]) - 4
    for label in planted.labels["more_than_approved"]:
        (approval,) = approvals[label["patient_id"]]
        courses = planted.courses[label["patient_id"]]
        assert courses.index(planted.course(label)) == int(approval["n_courses"])
    assert {label["kind"] for label in labels} == {"sooner_than_approved", "more_than_approved"}


def test_treatments_go_on_longer_than_allowed(planted: Folder) -> None:
    for kind, n_before in (("too_many_courses", 3), ("trial_unproven", 6)):
        for label in planted.labels[kind]:
            assert planted.courses[label["patient_id"]].index(planted.course(label)) == n_before
        assert planted.labels[kind]
    for label in planted.labels["too_long"]:
        courses = planted.courses[label["patient_id"]]
        place = courses.index(planted.course(label))
        days = [(day(course[0]) - day(courses[0][0])).days for course in courses]
        assert days[place - 1] <= 371 < days[place] + 1
    assert planted.labels["too_long"]


def test_treatments_are_not_reviewed_or_the_reviews_say_nothing(planted: Folder) -> None:
    kinds = ("review_overdue", "review_no_outcome", "no_withdrawal_trial")
    labels = [label for kind in kinds for label in planted.labels[kind]]
    reviews = planted.of_patients("outcome_review", labels)
    for label in labels:
        own = reviews[label["patient_id"]]
        last = day(planted.courses[label["patient_id"]][-1][0])
        newest_on = max(date.fromisoformat(row["reviewed_on"]) for row in own)
        if label["kind"] == "review_overdue":
            assert (last - newest_on).days > 215
        else:
            assert (last - newest_on).days < 181
        if label["kind"] == "review_no_outcome":
            assert all(row["measure"] == row["value"] == row["response"] == "" for row in own)
        if label["kind"] == "no_withdrawal_trial":
            assert {row["decision"] for row in own} == {"continue"}
    assert {label["kind"] for label in labels} == set(kinds)


def test_kawasaki_lacks_aspirin_or_runs_too_fast(planted: Folder) -> None:
    taken = planted.of_patients("medication", planted.labels["missing_medicine"])
    for label in planted.labels["missing_medicine"]:
        codes = {row["code"] for row in taken[label["patient_id"]]}
        assert codes
        assert not codes & {"B01AC06", "N02BA01"}
    for label in planted.labels["wrong_duration"]:
        course = planted.course(label)
        begin = datetime.fromisoformat(course[0]["started_at"])
        hours = (datetime.fromisoformat(course[-1]["ended_at"]) - begin).total_seconds() / 3600
        assert 6 < hours < 9
    assert planted.labels["missing_medicine"]
    assert planted.labels["wrong_duration"]
