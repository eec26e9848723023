"""Synthetic records without defects: repeatable, plausible and right."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from synthetic import (
    INTERVALS,
    REGIMENS,
    TOLERANCE_DAYS,
    Row,
    courses_of,
    day,
    fits,
    indications,
    infusion_days,
    newest,
    read,
    weight_before,
)

from pipeline.synth import synth

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data_samples"
SYNTHETIC = re.compile(r"SYN-[0-9A-F]{8}")


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


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, planted: Path) -> None:
    synth(tmp_path, n_patients=400, seed=5, defects="all")
    for path in planted.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_another_seed_gives_other_records(tmp_path: Path, planted: Path) -> None:
    synth(tmp_path, n_patients=400, seed=6, defects="all")
    assert (tmp_path / "infusion.csv").read_bytes() != (planted / "infusion.csv").read_bytes()


@pytest.mark.parametrize("n_patients", [1, 2, 17])
def test_a_handful_of_patients_is_enough(tmp_path: Path, n_patients: int) -> None:
    synth(tmp_path, n_patients=n_patients, seed=1, defects="all")
    assert len(read(tmp_path, "patient")) == n_patients


def test_the_committed_samples_are_what_their_readme_says(tmp_path: Path) -> None:
    told = (SAMPLES / "README.md").read_text(encoding="utf-8")
    found = re.search(r"--patients (\d+) --seed (\d+) --defects (all)", told)
    assert found is not None
    synth(tmp_path, n_patients=int(found[1]), seed=int(found[2]), defects="all")
    committed = {path.name for path in SAMPLES.glob("*.csv")}
    assert committed == {path.name for path in tmp_path.iterdir()}
    for name in committed:
        assert (SAMPLES / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 2_000_000


def test_ids_and_lots_match_the_synthetic_pattern_and_ids_are_unique(planted: Path) -> None:
    for path in sorted(planted.glob("*.csv")):
        for row in read(planted, path.stem):
            for name, value in row.items():
                if name in ("patient_id", "infusion_id", "dispensing_id", "authorisation_id",
                            "lot_number") and value:  # fmt: skip
                    assert SYNTHETIC.fullmatch(value), (path.name, name)
    for record in ("patient", "dispensing", "authorisation"):
        ids = [row[f"{record}_id"] for row in read(planted, record)]
        assert len(ids) == len(set(ids)), record


def test_without_defects_nothing_is_labelled(clean: Path) -> None:
    assert read(clean, "truth") == []


def test_without_defects_every_dose_is_right(clean: Path) -> None:
    known, weights, last = indications(clean), weight_before(clean), date(2024, 12, 31)
    seen: Counter[str] = Counter()
    for patient, courses in courses_of(clean).items():
        for course in courses:
            is_open = (last - day(course[-1])).days <= 4
            if known[patient] not in REGIMENS or is_open:
                continue
            if any(row["status"] == "stopped" for row in course):
                continue
            kg = newest(weights[patient], course)[1]
            per_day = [
                sum(float(row["dose_g"]) for row in session) / kg
                for session in infusion_days(course)
            ]
            assert any(fits(regimen, per_day) for regimen in REGIMENS[known[patient]])
            seen[known[patient]] += 1
    assert set(seen) == set(REGIMENS)


def test_without_defects_every_interval_is_right(clean: Path) -> None:
    known = indications(clean)
    n_checked = 0
    for patient, courses in courses_of(clean).items():
        if known[patient] not in INTERVALS:
            continue
        low, high = INTERVALS[known[patient]]
        for before, course in pairwise(courses):
            gap = (day(course[0]) - day(before[0])).days
            assert low - TOLERANCE_DAYS <= gap <= high + TOLERANCE_DAYS
            n_checked += 1
    assert n_checked > 1000


def test_without_defects_every_course_has_a_fresh_weight(clean: Path) -> None:
    weights = weight_before(clean)
    born = {row["patient_id"]: date.fromisoformat(row["birth_date"])
            for row in read(clean, "patient")}  # fmt: skip
    for patient, courses in courses_of(clean).items():
        for course in courses:
            age_years = (day(course[0]) - born[patient]).days / 365.25
            limit = 14 if age_years < 2 else 30
            measured = newest(weights[patient], course)[0].date()
            assert (day(course[0]) - measured).days <= limit


def test_without_defects_no_weight_jumps(clean: Path) -> None:
    for weights in weight_before(clean).values():
        ordered = [kg for _, kg in sorted(weights)]
        for before, kg in pairwise(ordered):
            assert abs(kg - before) <= 0.2 * before


def test_kawasaki_is_one_session_of_10_to_12_hours_with_aspirin(clean: Path) -> None:
    known = indications(clean)
    aspirin = {row["patient_id"] for row in read(clean, "medication")
               if row["code"] in ("B01AC06", "N02BA01")}  # fmt: skip
    over_midnight = 0
    for patient, courses in courses_of(clean).items():
        if known[patient] != "kawasaki":
            continue
        (course,) = courses
        (session,) = infusion_days(course)
        begin = datetime.fromisoformat(session[0]["started_at"])
        end = datetime.fromisoformat(session[-1]["ended_at"])
        assert 10 <= (end - begin).total_seconds() / 3600 <= 12
        assert patient in aspirin
        over_midnight += end.date() > begin.date()
    assert over_midnight > 0


def test_without_defects_volume_times_and_dispensing_agree(clean: Path) -> None:
    dispensed = {row["dispensing_id"]: row for row in read(clean, "dispensing")}
    for row in read(clean, "infusion"):
        grams_per_l = 50 if row["product_code"].endswith("5 %") else 100
        assert float(row["volume_ml"]) * grams_per_l == float(row["dose_g"]) * 1000
        assert row["ended_at"] > row["started_at"]
        if not row["dispensing_id"]:
            continue  # some infusions do not name their issue
        source = dispensed.pop(row["dispensing_id"])
        wasted = float(source["wasted_g"] or 0)
        assert float(source["dose_g"]) - wasted == float(row["dose_g"])
        assert source["lot_number"] == row["lot_number"]
        assert source["patient_id"] == row["patient_id"]
        assert source["product_code"] == row["product_code"]
        assert source["dispensed_at"] < row["started_at"]
    unnamed = Counter(
        (row["patient_id"], row["product_code"], row["lot_number"], row["prescribed_dose_g"])
        for row in read(clean, "infusion") if not row["dispensing_id"]
    )  # fmt: skip
    assert unnamed == Counter(
        (row["patient_id"], row["product_code"], row["lot_number"], row["dose_g"])
        for row in dispensed.values()
    )


def test_the_lots_of_a_mixed_bag_add_up_to_its_grams(clean: Path) -> None:
    for record in ("infusion", "dispensing"):
        grams = {row[f"{record}_id"]: float(row["dose_g"]) for row in read(clean, record)
                 if not row["lot_number"]}  # fmt: skip
        lots: dict[str, list[Row]] = defaultdict(list)
        for row in read(clean, f"{record}_lot"):
            lots[row[f"{record}_id"]].append(row)
        assert set(lots) == set(grams)
        for key, rows in lots.items():
            assert len({row["lot_number"] for row in rows}) == 2
            assert sum(float(row["dose_g"]) for row in rows) == grams[key]
            for row in rows:
                assert float(row["vial_size_g"]) * int(row["n_vials"]) == float(row["dose_g"])


def test_it_looks_like_a_hospital(clean: Path) -> None:
    infusions = read(clean, "infusion")
    by_patient: dict[str, set[str]] = defaultdict(set)
    for row in infusions:
        by_patient[row["patient_id"]].add(row["product_code"])
    assert any(len(products) > 1 for products in by_patient.values())  # product switches
    assert {row["status"] for row in infusions} == {"completed", "stopped"}
    assert {row["phase"] for row in infusions} == {"", "loading", "maintenance", "single"}
    kg = [float(row["weight_kg"]) for row in read(clean, "body_measurement")]
    assert min(kg) < 20 and max(kg) > 120  # noqa: PT018 - children and obesity belong together
    codes: dict[str, set[str]] = defaultdict(set)
    for row in read(clean, "diagnosis"):
        codes[row["patient_id"]].add(row["code"])
    assert any("D83.9" in some and "D69.3" in some for some in codes.values())
