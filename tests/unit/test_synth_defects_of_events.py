"""Planted reports, results and codes: each stands in the records that the truth names."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from synthetic import Row, courses_of, day, newest, read, weight_before

from pipeline.synth import synth

CREATININE, HAEMOGLOBIN, IGG = "2160-0", "718-7", "2465-3"


class Folder:
    """The records of one folder, as a test asks for them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.infusions = {row["infusion_id"]: row for row in read(path, "infusion")}
        self.courses = courses_of(path)
        self.reports = {row["event_id"]: row for row in read(path, "adverse_event")}
        self.results: dict[str, list[Row]] = defaultdict(list)
        for row in read(path, "lab_result"):
            self.results[row["patient_id"]].append(row)
        self.labels: dict[str, list[Row]] = defaultdict(list)
        for row in read(path, "truth"):
            self.labels[row["kind"]].append(row)

    def course(self, label: Row) -> list[Row]:
        """Return the course that a label names by its first infusion."""
        (found,) = (
            course for course in self.courses[label["patient_id"]]
            if course[0]["infusion_id"] == label["source_record_id"]
        )  # fmt: skip
        return found

    def begun(self, report: Row) -> list[list[Row]]:
        """Return the courses that began within the two weeks before a report's onset."""
        return [
            course for course in self.courses[report["patient_id"]]
            if timedelta(0) < at(report["onset_at"]) - at(course[0]["started_at"])
            < timedelta(days=14)
        ]  # fmt: skip

    def around(self, label: Row, *codes: str) -> list[tuple[float, Row]]:
        """Return the results of a labelled course with their hours since its start or end."""
        course = self.course(label)
        begin, end = at(course[0]["started_at"]), at(course[-1]["ended_at"])
        near = []
        for row in self.results[label["patient_id"]]:
            taken = at(row["collected_at"])
            if row["test_code"] in codes and begin - timedelta(days=8) < taken:
                since = min(taken - begin, timedelta(0)) or max(taken - end, timedelta(0))
                if since < timedelta(days=11):
                    near.append((since.total_seconds() / 3600, row))
        return sorted(near, key=lambda pair: pair[0])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = tmp_path_factory.mktemp("planted")
    synth(folder, n_patients=900, seed=8, defects="all")
    return Folder(folder)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = tmp_path_factory.mktemp("clean")
    synth(folder, n_patients=900, seed=8, defects="none")
    return Folder(folder)


def test_without_defects_reports_are_few_single_complete_and_soon_after_their_infusion(
    clean: Folder,
) -> None:
    days = {(row["patient_id"], day(row)) for row in clean.infusions.values()}
    # 608 reactions in 81,033 infusions, and what stops an infusion
    assert 0.004 < len(clean.reports) / len(days) < 0.02
    seen = set()
    for report in clean.reports.values():
        course = clean.begun(report)[-1]
        assert (report["patient_id"], course[0]["infusion_id"]) not in seen
        seen.add((report["patient_id"], course[0]["infusion_id"]))
        if report["infusion_id"]:
            row = clean.infusions[report["infusion_id"]]
            assert row["patient_id"] == report["patient_id"]
            assert row["product_code"] == report["product_code"]
            assert row["lot_number"] == report["lot_number"]
            assert at(row["started_at"]) < at(report["onset_at"])
        late = at(report["reported_at"]) - at(report["onset_at"])
        assert timedelta(0) < late < timedelta(days=7)
        assert (report["is_serious"] == "true") == bool(report["seriousness"])


def test_without_defects_every_high_dose_of_the_typed_is_followed_by_a_blood_count(
    clean: Folder,
) -> None:
    typed = {
        row["patient_id"] for row in read(clean.path, "patient")
        if row["blood_group"] in ("A", "B", "AB")
    }  # fmt: skip
    weights, n = weight_before(clean.path), 0
    for patient in typed & set(clean.courses):
        for course in clean.courses[patient]:
            kg = newest(weights[patient], course)[1]
            end = at(course[-1]["ended_at"])
            if sum(float(row["dose_g"]) for row in course) < 2 * kg or end > datetime(2024, 12, 25):  # noqa: DTZ001 - local times without a zone
                continue
            hours = [
                (at(row["collected_at"]) - end).total_seconds() / 3600
                for row in clean.results[patient] if row["test_code"] == HAEMOGLOBIN
            ]  # fmt: skip
            assert any(36 <= h <= 96 for h in hours)
            n += 1
    assert n > 50


def test_results_come_in_two_units_and_are_of_the_same_size(clean: Folder) -> None:
    units: dict[tuple[str, str], list[float]] = defaultdict(list)
    for rows in clean.results.values():
        for row in rows:
            if row["test_code"] in (CREATININE, HAEMOGLOBIN):
                units[row["test_code"], row["unit"]].append(float(row["value"]))
    mean = {key: sum(values) / len(values) for key, values in units.items()}
    assert mean[CREATININE, "umol/L"] == pytest.approx(88.4 * mean[CREATININE, "mg/dL"], rel=0.1)
    assert mean[HAEMOGLOBIN, "g/L"] == pytest.approx(10 * mean[HAEMOGLOBIN, "g/dL"], rel=0.1)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("kidney_stage_1", 1.5, 2.0), ("kidney_stage_2", 2.0, 3.0), ("kidney_stage_3", 3.0, 9.0)],
)
def test_creatinine_rises_by_the_stage_it_is_labelled_with_and_nobody_reports_it(
    planted: Folder, kind: str, low: float, high: float
) -> None:
    for label in planted.labels[kind]:
        values = [float(row["value"]) for _, row in planted.around(label, CREATININE)]
        assert low <= max(values) / values[0] < high
        assert not [r for r in planted.reports.values() if r["patient_id"] == label["patient_id"]]
    assert planted.labels[kind]


def test_guarded_rises_are_low_old_or_begun_before(planted: Folder) -> None:
    for label in planted.labels["kidney_below_resolution"]:
        assert max(float(r["value"]) for _, r in planted.around(label, CREATININE)) <= 0.5
    for label in planted.labels["kidney_seen_before"]:
        rows = planted.around(label, CREATININE)
        assert max(float(r["value"]) for h, r in rows if h < 0) >= max(
            float(r["value"]) for h, r in rows if h > 0
        )
    for label in planted.labels["kidney_rising_before"]:
        before = [float(r["value"]) for h, r in planted.around(label, CREATININE) if h < 0]
        assert before[-1] >= 1.5 * before[0]


def test_haemolysis_falls_with_markers_in_a_typed_patient_of_two_lots(planted: Folder) -> None:
    groups = {row["patient_id"]: row["blood_group"] for row in read(planted.path, "patient")}
    for label in planted.labels["haemolysis_unreported"]:
        assert groups[label["patient_id"]] == "AB"
        assert len({row["lot_number"] for row in planted.course(label)}) >= 2
        haemoglobin = [(r["value"], r["unit"]) for _, r in planted.around(label, HAEMOGLOBIN)]
        assert haemoglobin == [("128.0", "g/L"), ("119.0", "g/L"), ("9.6", "g/dL")]
        told = [r["value_text"] for _, r in planted.around(label, "1007-4")]
        assert told == ["POSITIVE", "NEGATIVE"]
        ((_, haptoglobin),) = [p for p in planted.around(label, "4542-7") if p[1]["comparator"]]
        assert (haptoglobin["comparator"], haptoglobin["value"]) == ("<", "0.1")
    assert planted.labels["haemolysis_unreported"]


def reports_of(planted: Folder, kind: str) -> list[tuple[Row, list[Row]]]:
    """Return each labelled report with all reports of its patient."""
    assert planted.labels[kind], kind
    return [
        (
            planted.reports[label["source_record_id"]],
            [r for r in planted.reports.values() if r["patient_id"] == label["patient_id"]],
        )
        for label in planted.labels[kind]
    ]


def test_reports_of_one_event_are_several(planted: Folder) -> None:
    for _, own in reports_of(planted, "duplicate_report"):
        assert len({report["reported_to"] for report in own}) == 2
    for _, own in reports_of(planted, "composite_reaction"):
        assert len({report["term"] for report in own}) == 3


def test_an_event_outside_begins_days_after_any_infusion_or_nobody_knows_when(
    planted: Folder,
) -> None:
    for report, _ in reports_of(planted, "event_outside"):
        end = at(planted.begun(report)[-1][-1]["ended_at"])
        assert at(report["onset_at"]) - end > timedelta(hours=72)
    for report, _ in reports_of(planted, "event_without_onset"):
        assert report["onset_at"] == ""


def test_a_report_names_the_infusion_of_another(planted: Folder) -> None:
    for report, _ in reports_of(planted, "other_patient_named"):
        assert planted.infusions[report["infusion_id"]]["patient_id"] != report["patient_id"]


@pytest.mark.parametrize(
    ("kind", "days", "why"),
    [("fifteen_days_missed", 15, "hospitalisation"), ("seven_days_missed", 7, "life threatening")],
)
def test_serious_events_are_reported_after_their_clock(
    planted: Folder, kind: str, days: int, why: str
) -> None:
    for report, _ in reports_of(planted, kind):
        assert report["seriousness"] == why
        assert (at(report["reported_at"]) - at(report["onset_at"])).days > days


def test_who_dies_after_an_event_does_so_within_30_days_and_has_no_later_rows(
    planted: Folder,
) -> None:
    died = {row["patient_id"]: row["deceased_on"] for row in read(planted.path, "patient")}
    dates = {"infusion": "started_at", "lab_result": "collected_at", "vaccination": "given_on",
             "outcome_review": "reviewed_on"}  # fmt: skip
    ill = {report["patient_id"]: report for report, _ in reports_of(planted, "death_after_event")}
    for patient, report in ill.items():
        days = date.fromisoformat(died[patient]) - at(report["onset_at"]).date()
        assert 0 <= days.days <= 30
    for record, column in dates.items():
        for row in read(planted.path, record):
            if row["patient_id"] in ill:
                assert row[column][:10] <= died[row["patient_id"]]


@pytest.mark.parametrize(
    ("kind", "column"),
    [("event_of_two_products", "product_code"), ("event_of_two_lots", "lot_number")],
)
def test_the_course_before_an_event_mixes_what_it_is_labelled_with(
    planted: Folder, kind: str, column: str
) -> None:
    for report, _ in reports_of(planted, kind):
        assert len({row[column] for row in planted.begun(report)[-1]}) == 2


def test_a_missed_test_is_not_there_and_others_of_the_patient_are(planted: Folder) -> None:
    windows = {
        "missed_blood_after": (HAEMOGLOBIN, 36, 96),
        "missed_blood_before": (HAEMOGLOBIN, -168, 0),
        "missed_kidney_first": (CREATININE, -168, 0),
        "missed_kidney_at_risk": (CREATININE, -168, 0),
    }
    for kind, (code, low, high) in windows.items():
        for label in planted.labels[kind]:
            hours = [h for h, _ in planted.around(label, code)]
            assert not any(low <= h <= high for h in hours if h)
            assert planted.results[label["patient_id"]]
        assert planted.labels[kind], kind


def test_troughs_are_missed_or_without_an_hour(planted: Folder) -> None:
    for label in planted.labels["missed_trough"]:
        first = planted.course(label)[0]
        start = at(first["started_at"])
        before = [
            at(row["collected_at"]) for row in planted.results[label["patient_id"]]
            if row["test_code"] == IGG
            and timedelta(0) < start - at(row["collected_at"]) < timedelta(days=180)
        ]  # fmt: skip
        # taken, if at all, on the day of an infusion and after it began
        starts = {day(row): at(row["started_at"])
                  for c in planted.courses[label["patient_id"]] for row in c}  # fmt: skip
        assert all(taken > starts[taken.date()] for taken in before)
    for label in planted.labels["trough_without_hour"]:
        taken = [r["collected_at"] for r in planted.results[label["patient_id"]]
                 if r["test_code"] == IGG]  # fmt: skip
        assert taken
        assert {len(text) for text in taken} == {len("2024-01-01")}


def test_results_in_doubt_say_what_they_are_labelled_with(planted: Folder) -> None:
    wanted = {
        "unit_missing": ("12.8", ""),
        "unit_never_read": ("7.9", "mmol/L"),
        "unit_swapped": ("128.0", "g/dL"),
        "unit_of_other_test": ("139.5", "mg/dL"),
        "creatinine_of_zero": ("0.0", "mg/dL"),
    }
    for kind, value_and_unit in wanted.items():
        for label in planted.labels[kind]:
            (row,) = (
                row for row in planted.results[label["patient_id"]]
                if label["source_record_id"]
                == f"{row['patient_id']}:{row['test_code']}|{row['collected_at']}"
            )  # fmt: skip
            assert (row["value"], row["unit"]) == value_and_unit
        assert planted.labels[kind], kind
