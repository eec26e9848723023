"""A worked example becomes the records a source would hold."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.guidelines.examples import Example
from pipeline.guidelines.kinds.infusion_duration import DurationRule
from pipeline.rehearse import supply
from pipeline.rehearse.scene import Records, Scene, records, scenes
from pipeline.store import open_store


def scene_of(*examples: dict[str, Any]) -> list[Scene]:
    """Return the scenes of one rule with these examples."""
    rule = DurationRule.model_validate(
        {
            "id": "WARD-MG-DURATION-01",
            "kind": "infusion_duration",
            "indications": ["mg"],
            "severity": "review",
            "statement": "s",
            "why": "w",
            "status": "transcribed",
            "source": {"title": "t"},
            "hours": {"max": 4},
            "example": [
                {"name": str(place), "infusions": [{"day": 0}], "expect": {"status": "met"}} | told
                for place, told in enumerate(examples)
            ],
        }
    )
    return scenes([rule])


def records_of(**told: Any) -> Records:
    (scene,) = scene_of(told)
    return records(scene)


def test_a_bag_over_midnight_ends_the_next_day() -> None:
    made = records_of(infusions=[{"day": 0, "at": "20:00", "hours": 11, "dose_g": 25}])
    (bag,) = made["infusion"]
    assert bag["started_at"] == "2024-06-15 20:00:00"
    assert bag["ended_at"] == "2024-06-16 07:00:00"
    assert bag["dose_g"] == "25"


def test_a_bag_without_a_time_has_only_its_date() -> None:
    (bag,) = records_of(infusions=[{"day": -1, "dose_g": 25}])["infusion"]
    assert (bag["started_at"], bag["ended_at"]) == ("2024-06-14", None)


def test_days_are_one_bag_each_with_its_own_id() -> None:
    bags = records_of(infusions=[{"days": [0, 1, 2], "dose_g": 25}])["infusion"]
    assert [bag["started_at"] for bag in bags] == ["2024-06-15", "2024-06-16", "2024-06-17"]
    assert len({bag["infusion_id"] for bag in bags}) == 3


def test_what_an_example_leaves_out_is_not_in_the_records() -> None:
    made = records_of()
    assert made["body_measurement"] == []
    assert made["medication"] == []
    assert made["infusion"][0]["indication_code"] is None
    assert made["patient"][0]["birth_date"] is None


def test_a_patient_is_just_as_old_as_the_example_says() -> None:
    made = records_of(patient={"age_years": 18, "sex": "F"})
    assert made["patient"][0] == {
        "patient_id": "EXAMPLE-0001",
        "birth_date": "2006-06-15",
        "sex": "F",
        "is_iga_deficient": None,
        "has_anti_iga": None,
        "blood_group": None,
    }


def test_weights_medicines_and_diagnoses_are_dated() -> None:
    made = records_of(
        weight_kg=70,
        weights=[{"day": -30, "kg": 69}],
        medications=[{"name": "aspirin", "day": 1}, {"atc": "B01AC06", "day": 0, "until_day": 2}],
        diagnoses=[{"day": -3, "system": "ICD10CM", "code": "G61.0"}],
    )
    assert [row["measured_at"] for row in made["body_measurement"]] == ["2024-06-15", "2024-05-16"]
    assert [row["code_system"] for row in made["medication"]] == ["NAME", "ATC"]
    assert made["medication"][1]["ended_at"] == "2024-06-17"
    assert made["diagnosis"][0]["recorded_on"] == "2024-06-12"


def test_examples_with_the_same_needs_share_a_scene_and_no_patient() -> None:
    made = scene_of({}, {}, {"not_supplied": ["medication"]})
    assert [len(scene.parts) for scene in made] == [2, 1]
    patients = [part.patient_id for scene in made for part in scene.parts]
    assert len(set(patients)) == 3


def test_the_coverage_ends_on_the_day_the_audit_pretends_it_is() -> None:
    (scene,) = scene_of({"coverage": {"from_day": -10, "to_day": 2}})
    assert scene.as_of == date(2024, 6, 17)
    covered = {row["record"]: row for row in records(scene)["source_coverage"]}
    assert covered["infusion"]["from_on"] == "2024-06-05"
    assert covered["infusion"]["to_on"] == "2024-06-17"


def test_a_table_that_is_not_supplied_has_no_rows_and_no_coverage() -> None:
    made = records_of(not_supplied=["medication"], medications=[{"name": "aspirin", "day": 0}])
    assert "medication" not in made
    assert "medication" not in {row["record"] for row in made["source_coverage"]}


def test_the_records_are_written_as_ingest_leaves_them() -> None:
    con = open_store(threads=1)
    supply(con, records_of(weight_kg=70))
    described = con.sql("DESCRIBE mapped.infusion").fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["started_at"] == "VARCHAR"
    assert (types["source_file"], types["source_row"]) == ("SMALLINT", "INTEGER")
    supplied = con.sql("SELECT record FROM audit.record_supplied").fetchall()
    assert ("infusion",) in supplied


def test_an_example_is_read_strictly() -> None:
    example = Example.model_validate(
        {"name": "x", "infusions": [{"day": 0}], "expect": {"status": "met"}}
    )
    assert example.infusions[0].on_days == (0,)
