"""Planted defects: each is in the rows the truth names, and nothing else has changed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from synthetic import (
    REGIMENS,
    TOLERANCE,
    Row,
    courses_of,
    day,
    indications,
    newest,
    read,
    weight_before,
)

from pipeline.synth import synth

KINDS = {
    "wrong_dose_high", "wrong_dose_low", "early_interval", "late_interval", "too_many_days",
    "missing_weight", "stale_weight", "missing_indication", "duplicate_record", "mg_for_g",
    "five_for_ten_percent", "end_before_start", "unknown_product", "sc_product_in_feed",
    "missing_medicine", "wrong_duration", "rate_above_label", "first_rate_high",
    "rate_above_risk_cap", "dose_off_grid", "rounded_too_far", "proline", "sorbitol",
    "maltose_glucose",
    "sucrose_renal", "iga_antibodies", "vaccine_early", "vaccine_then_ivig", "lot_missing",
    "issued_lot_missing", "other_lot", "not_infused", "infused_undispensed", "other_product",
    "grams_differ", "duplicate_dispensing", "outside_period",
    "no_approval", "expired_approval", "approved_late",
    "declined", "dose_above_approved", "expired_approval_named",
    "sooner_than_approved", "more_than_approved", "too_many_courses", "too_long",
    "trial_unproven", "review_overdue", "review_no_outcome", "no_withdrawal_trial",
    "duplicate_report", "event_outside", "other_patient_named", "event_without_onset",
    "composite_reaction", "fifteen_days_missed", "seven_days_missed", "death_after_event",
    "event_of_two_products", "event_of_two_lots",
    "kidney_stage_1", "kidney_stage_2", "kidney_stage_3", "kidney_below_resolution",
    "kidney_seen_before", "kidney_rising_before", "kidney_reported", "kidney_not_confirmed",
    "haemolysis_unreported", "haemolysis_with_bleeding", "haemolysis_of_disease",
    "haemoglobin_fall_alone", "hyponatraemia_true", "hyponatraemia_pseudo",
    "neutropenia_unreported", "transaminitis_unreported", "anaphylaxis_unreported",
    "thrombosis_coded", "thrombosis_timing_unknown", "meningitis_coded",
    "missed_blood_after", "missed_blood_before", "missed_kidney_first", "missed_kidney_at_risk",
    "missed_trough", "trough_low", "trough_without_hour", "kidney_without_hour",
    "unit_missing", "unit_never_read", "unit_swapped", "unit_of_other_test", "creatinine_of_zero",
    "result_before_birth", "stroke_coded", "month_too_high", "repeat_off_days", "raised_lot",
    "watched_none_seen", "watching_not_written", "watched_too_short",
    "haemolysis_signs_before", "haemoglobinuria_coded", "haemoglobin_slow_fall", "days_in_a_row",
    "late_after_onset",
}  # fmt: skip


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    synth(folder, n_patients=400, seed=5, defects="none")
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    synth(folder, n_patients=400, seed=5, defects="all")
    return folder


def test_every_kind_is_planted_and_a_patient_has_one_kind_at_most(planted: Path) -> None:
    kinds_of: dict[str, set[str]] = defaultdict(set)
    for row in read(planted, "truth"):
        kinds_of[row["patient_id"]].add(row["kind"])
    for kinds in kinds_of.values():
        # some defects are found by two rules
        assert len(kinds - {"consequence", "lot_differs"}) == 1
    assert set.union(*kinds_of.values()) == KINDS | {"consequence", "lot_differs"}


def test_patients_without_a_defect_are_the_same_as_without_planting(
    clean: Path, planted: Path
) -> None:
    spoiled = {row["patient_id"] for row in read(planted, "truth")}
    for record, columns in {
        "body_measurement": ("measured_at", "weight_kg"),
        "lab_result": ("collected_at", "test_code", "value"),
        "diagnosis": ("recorded_on", "code"),
        "infusion": ("started_at", "dose_g", "volume_ml", "product_code"),
    }.items():
        rows = [
            [tuple(row[name] for name in ("patient_id", *columns))
             for row in read(folder, record) if row["patient_id"] not in spoiled]
            for folder in (clean, planted)
        ]  # fmt: skip
        assert sorted(rows[0]) == sorted(rows[1]), record


def test_planted_doses_lie_beyond_tolerance_and_a_vial(planted: Path) -> None:
    weights, known = weight_before(planted), indications(planted)
    by_first = {course[0]["infusion_id"]: course
                for courses in courses_of(planted).values() for course in courses}  # fmt: skip
    for row in read(planted, "truth"):
        if not row["kind"].startswith("wrong_dose"):
            continue
        course = by_first[row["subject"]]
        kg = newest(weights[row["patient_id"]], course)[1]
        grams = sum(float(bag["dose_g"]) for bag in course)
        regimens = REGIMENS[known[row["patient_id"]]]
        if row["kind"] == "wrong_dose_high":
            assert grams - max(r[5] for r in regimens) * kg * (1 + TOLERANCE) >= 5 or (
                len(course) == 1 and grams - 1.0 * kg * (1 + TOLERANCE) >= 5
            )
        else:
            assert min(r[4] for r in regimens) * kg * (1 - TOLERANCE) - grams >= 5


def test_row_defects_are_in_the_rows_the_truth_names(planted: Path) -> None:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in read(planted, "infusion"):
        rows[row["infusion_id"]].append(row)
    for label in read(planted, "truth"):
        found = rows[label["source_record_id"]]
        match label["kind"]:
            case "duplicate_record":
                assert len(found) == 2
                assert found[0] == found[1]
            case "mg_for_g":
                assert float(found[0]["dose_g"]) >= 1000
            case "end_before_start":
                assert found[0]["ended_at"] < found[0]["started_at"]
            case "unknown_product":
                assert found[0]["product_code"] == "PROD-0815"
            case "sc_product_in_feed":
                assert (found[0]["product_code"], found[0]["route"]) == ("Hizentra", "SC")
            case "five_for_ten_percent":
                assert float(found[0]["volume_ml"]) == 20 * float(found[0]["dose_g"])
            case _ if label["record"] in ("infusion", "body_measurement"):
                assert len(found) == 1


def test_weight_defects_lack_the_weighings_the_truth_says(planted: Path) -> None:
    weights = weight_before(planted)
    started = {row["infusion_id"]: row for row in read(planted, "infusion")}
    n_stale = 0
    for label in read(planted, "truth"):
        own = weights[label["patient_id"]]
        if label["kind"] == "missing_weight":
            assert own == []
        if label["kind"] == "stale_weight":
            row = started[label["subject"]]
            assert (day(row) - newest(own, [row])[0].date()).days > 30
            n_stale += 1
    assert n_stale >= 2
