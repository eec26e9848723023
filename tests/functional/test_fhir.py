"""FHIR resources become records, and are judged as the same records in CSV.

The example is the one printed in docs/sources/fhir-r4.md.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ingested import ingested, ledger, rows
from tools.same_verdicts import faults, judged
from tools.written_as_fhir import BESIDE, write_fhir

from pipeline.errors import ConfigError, InputError
from pipeline.synth import synth

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "fhir-r4.md"
FORMAT = "fhir-r4"
UCUM = "http://unitsofmeasure.org"
FATES = "SELECT fate, SUM(n_rows)::INTEGER FROM audit.row_account GROUP BY 1 ORDER BY 1"

Resource = dict[str, Any]


def _patient(name: str = "p1", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": name, "gender": "female"} | more


def _dose(name: str = "a1", **more: Any) -> Resource:
    """Return an infusion of 40 g Privigen; an element that is None is left out."""
    told: Resource = {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "Privigen"},
        "effectiveDateTime": "2025-03-03T08:00:00Z",
        "dosage": {"dose": {"value": 40, "code": "g"}},
    }
    return {key: value for key, value in (told | more).items() if value is not None}


def _written(folder: Path, *resources: Resource | str, name: str = "export.ndjson") -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in resources]
    text = "\n".join(lines) + "\n"
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return folder


def _bundle(*resources: Resource, **addresses: str) -> Resource:
    entries = [
        {"resource": one} | ({"fullUrl": addresses[one["id"]]} if one["id"] in addresses else {})
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _fates(folder: Path, *resources: Resource | str) -> dict[str, int]:
    con = ingested(_written(folder, _patient(), *resources), format=FORMAT)
    return {fate: n for fate, n in rows(con, FATES) if fate != "patient"}


def _infusions(folder: Path, *resources: Resource | str) -> list[tuple[Any, ...]]:
    con = ingested(_written(folder, _patient(), *resources), format=FORMAT)
    return rows(con, "SELECT infusion_id, dose_g, status FROM mapped.infusion ORDER BY 1")


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    (tmp_path / "export.ndjson").write_text(example, encoding="utf-8")
    table = page.split("| code | fate | rows | grams |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    printed = [
        (code or None, fate, int(n), Decimal(grams) if grams else None)
        for code, fate, n, grams in cells
    ]
    con = ingested(tmp_path, format=FORMAT)
    found = "SELECT code, fate, n_rows, grams FROM audit.row_account ORDER BY 1 NULLS FIRST, 2"
    assert rows(con, found) == printed
    assert ledger(con, "export.ndjson")[0] == sum(row[2] for row in printed)
    lots = "SELECT infusion_id, lot_number, max_rate_ml_per_h FROM mapped.infusion ORDER BY 1"
    assert rows(con, lots)[0] == ("a1", "SYN-L1", "180")
    assert rows(con, "SELECT infusion_id, rate_ml_per_h FROM mapped.rate_step") == [("a1", "120")]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write synthetic records with every defect, and every ninth bag of a product no list knows."""
    folder = tmp_path_factory.mktemp("records")
    synth(folder, 60, 11, "all")
    _spoil_products(folder / "infusion.csv")
    return folder


def _spoil_products(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    for row in found[::9]:
        row["product_code"] = "PROD-0815"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


def test_the_same_records_are_judged_the_same_from_fhir(records: Path, tmp_path: Path) -> None:
    theirs = judged(write_fhir(records, tmp_path), format=FORMAT)
    assert faults(judged(records), theirs, losses=frozenset()) == []
    reasons = rows(theirs, "SELECT DISTINCT reason FROM audit.verdict WHERE kind = 'regimen'")
    assert ("bag_unresolved",) in reasons
    unclosed = rows(
        theirs,
        "SELECT * FROM audit.file_ledger"
        " WHERE raw_rows != mapped_rows + not_mapped_rows + unreadable_rows",
    )
    assert unclosed == []


def test_without_the_files_beside_it_what_fhir_cannot_say_is_not_assessable(
    records: Path, tmp_path: Path
) -> None:
    folder = write_fhir(records, tmp_path)
    for record in BESIDE:
        (folder / f"{record}.csv").unlink(missing_ok=True)
    told = judged(folder, format=FORMAT).sql(
        "SELECT DISTINCT status, reason FROM audit.verdict WHERE kind = 'authorisation'"
    )
    assert {status for status, _ in told.fetchall()} <= {"not_assessable", "not_applicable"}


@pytest.mark.parametrize("method", ["Not Given", "Hold Dose", "Not Given per Sliding Scale"])
def test_a_completed_dose_whose_method_denies_it_is_not_given(tmp_path: Path, method: str) -> None:
    told = {"dose": {"value": 40, "code": "g"}, "method": {"coding": [{"code": method}]}}
    assert _infusions(tmp_path, _dose(dosage=told)) == [("a1", "40", "not_given")]


@pytest.mark.parametrize(
    ("element", "fate"),
    [
        ({"status": "not-done"}, "not_given"),
        ({"status": "entered-in-error"}, "entered_in_error"),
        ({"status": "in-progress"}, "unfinished"),
        ({"status": "unknown"}, "status_unsure"),
        ({"statusReason": [{"text": "Refused by patient"}]}, "not_given"),
        ({"dosage": {"method": {"text": "Rate Change"}}}, "no_dose"),
        ({"dosage": {"dose": {"value": 4, "code": "[drp]"}}}, "no_grams"),
        ({"dosage": {"dose": {"value": 40000, "code": "mg"}}}, "read"),
        ({"dosage": {"dose": {"value": 400, "unit": "mL"}}}, "read_by_strength"),
        ({"medicationCodeableConcept": None}, "medicine_missing"),
        ({"medicationCodeableConcept": {"text": "Albumin 5 %"}}, "medicine_not_listed"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "modifier_unknown"),
        ({"implicitRules": "urn:rules"}, "modifier_unknown"),
        ({"extension": [{"url": "urn:nobody", "valueBoolean": True}]}, "read"),
    ],
)
def test_status_method_reason_and_modifier_decide(
    tmp_path: Path, element: Resource, fate: str
) -> None:
    assert _fates(tmp_path, _dose(**element)) == {fate: 1}


def test_words_of_the_hospital_are_told_beside_the_export(tmp_path: Path) -> None:
    (tmp_path / "administration_word.csv").write_text("word,meaning\nNIX,not_given\n", "utf-8")
    told = {"dose": {"value": 40, "code": "g"}, "method": {"text": "nix"}}
    assert _infusions(tmp_path, _dose(dosage=told)) == [("a1", "40", "not_given")]


def test_a_dose_with_an_unknown_modifier_goes_to_quarantine(tmp_path: Path) -> None:
    doses = [_dose("a1"), _dose("a2", modifierExtension=[{"url": "urn:x", "valueCode": "no"}])]
    con = judged(_written(tmp_path, _patient(), *doses), format=FORMAT, max_quarantine="1")
    assert rows(con, "SELECT infusion_id FROM staged.infusion") == [("a1",)]
    assert rows(con, "SELECT COUNT(*) FROM quarantine.infusion") == [(1,)]


@pytest.mark.parametrize(
    "reference",
    [
        "Medication/m1", "https://ehr.example/fhir/Medication/m1", "Medication/m1/_history/3",
        "https://ehr.example/fhir/Medication/m1/_history/3",
    ],
)  # fmt: skip
def test_a_medication_is_found_by_every_kind_of_reference(tmp_path: Path, reference: str) -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "Privigen"}}
    dose = _dose(medicationCodeableConcept=None, medicationReference={"reference": reference})
    assert _fates(tmp_path, medication, dose) == {"looked_up": 1, "read": 1}


def test_addresses_hold_within_their_bundle(tmp_path: Path) -> None:
    """Two Bundles give one address to two patients; neither is taken for the other."""
    bundles = []
    for n in ("1", "2"):
        dose = _dose(f"a{n}", subject={"reference": "urn:uuid:aa"})
        bundles.append(_bundle(_patient(f"p{n}"), dose, **{f"p{n}": "urn:uuid:aa"}))
    (tmp_path / "b.json").write_text(json.dumps(bundles, indent=2), encoding="utf-8")
    con = ingested(tmp_path, format=FORMAT)
    found = rows(con, "SELECT infusion_id, patient_id FROM mapped.infusion ORDER BY 1")
    assert found == [("a1", "p1"), ("a2", "p2")]
    assert ledger(con, "b.json") == (4, 4, 0, 0)


def test_a_bundle_inside_ndjson_is_opened_in_its_place(tmp_path: Path) -> None:
    inner = _bundle(_dose("a2"), _bundle(_dose("a3")) | {"id": "inner"})
    con = ingested(_written(tmp_path, _patient(), _dose("a1"), inner, _dose("a4")), format=FORMAT)
    found = rows(con, "SELECT infusion_id, source_row FROM mapped.infusion ORDER BY 2")
    assert found == [("a1", 2), ("a2", 3), ("a3", 4), ("a4", 5)]
    assert ledger(con, "export.ndjson") == (5, 5, 0, 0)


def test_parts_in_a_circle_end(tmp_path: Path) -> None:
    def medication(name: str, part: str, code: str) -> Resource:
        held = [{"itemReference": {"reference": f"Medication/{part}"}}]
        return {
            "resourceType": "Medication",
            "id": name,
            "code": {"text": code},
            "ingredient": held,
        }

    dose = _dose(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m1"})
    parts = [medication("m1", "m2", "Bag"), medication("m2", "m1", "Privigen")]
    assert _fates(tmp_path, *parts, dose) == {"looked_up": 2, "read": 1}


def test_doses_that_are_part_of_each_other_have_no_grams(tmp_path: Path) -> None:
    first = _dose("a1", partOf=[{"reference": "MedicationAdministration/a2"}])
    second = _dose("a2", partOf=[{"reference": "MedicationAdministration/a1"}])
    assert _infusions(tmp_path, first, second) == [
        ("a1", None, "completed"), ("a2", None, "completed")
    ]  # fmt: skip


def test_a_part_counts_once(tmp_path: Path) -> None:
    part = {"partOf": [{"reference": "MedicationAdministration/a1"}]}
    halves = [_dose(f"h{n}", dosage={"dose": {"value": 20, "code": "g"}}, **part) for n in "12"]
    (tmp_path / "whole").mkdir()
    assert [row[0] for row in _infusions(tmp_path / "whole", _dose("a1"), *halves)] == ["a1"]
    (tmp_path / "frame").mkdir()
    frame = _dose("a1", dosage=None)
    assert [row[0] for row in _infusions(tmp_path / "frame", frame, *halves)] == ["h1", "h2"]


@pytest.mark.parametrize("status", ["entered-in-error", "not-done"])
def test_parts_of_a_dose_that_was_taken_back_count_themselves(tmp_path: Path, status: str) -> None:
    part = {"partOf": [{"reference": "MedicationAdministration/a1"}]}
    halves = [_dose(f"h{n}", dosage={"dose": {"value": 20, "code": "g"}}, **part) for n in "12"]
    told = _infusions(tmp_path, _dose("a1", status=status), *halves)
    assert [row for row in told if row[2] != "not_given"] == [
        ("h1", "20", "completed"), ("h2", "20", "completed")
    ]  # fmt: skip


def test_a_dose_stays_when_all_its_parts_were_taken_back(tmp_path: Path) -> None:
    part = _dose("h1", status="entered-in-error")
    part["partOf"] = [{"reference": "MedicationAdministration/a1"}]
    assert _infusions(tmp_path, _dose("a1", dosage=None), part) == [("a1", None, "completed")]


def test_an_amount_that_is_only_less_or_more_than_a_number_is_no_amount(tmp_path: Path) -> None:
    dosage = {
        "dose": {"value": 150, "code": "g", "comparator": "<"},
        "rateQuantity": {"value": 900, "code": "mL/h", "comparator": "<"},
    }
    con = ingested(_written(tmp_path, _patient(), _dose(dosage=dosage)), format=FORMAT)
    assert rows(con, "SELECT dose_g, max_rate_ml_per_h FROM mapped.infusion") == [(None, None)]


@pytest.mark.parametrize(
    ("denominator", "unit", "grams"),
    [
        (None, "{vial}", "40.000"),
        ({"value": 1, "code": "{vial}"}, "{vial}", "40.000"),
        ({"value": 1, "unit": "Bottle"}, "{vial}", "40.000"),
        ({"value": 1, "code": "mL"}, "{vial}", None),
        ({"value": 8, "code": "{vial}"}, "{vial}", None),
        # eight of what?
        (None, None, None),
        (None, "box", None),
        (None, "g", "8"),
    ],
)
def test_vials_are_of_the_size_of_one_package(
    tmp_path: Path, denominator: Resource | None, unit: str | None, grams: str | None
) -> None:
    amount = {"numerator": {"value": 5, "code": "g"}} | (
        {} if denominator is None else {"denominator": denominator}
    )
    pack = {"resourceType": "Medication", "id": "m1", "code": {"text": "Privigen"}}
    issue = {
        "resourceType": "MedicationDispense",
        "id": "d1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/m1"},
        "quantity": {"value": 8} | ({} if unit is None else {"code": unit}),
        "whenHandedOver": "2025-03-03T08:00:00Z",
    }
    folder = _written(tmp_path, _patient(), pack | {"amount": amount}, issue)
    con = ingested(folder, format=FORMAT)
    assert rows(con, "SELECT dose_g FROM mapped.dispensing") == [(grams,)]


def test_damaged_lines_are_kept_out_and_the_account_closes(tmp_path: Path) -> None:
    bad = ['{"resourceType":"Patient","id":', "[1, 2]", '{"a": 1}', "not json", '{"a":"\x01"}']
    con = ingested(_written(tmp_path, _patient(), *bad, _dose()), format=FORMAT)
    assert ledger(con, "export.ndjson") == (7, 2, 0, 5)
    found = rows(con, "SELECT source_row, reason FROM quarantine.unreadable ORDER BY 1")
    assert found == [
        (2, "not_json"), (3, "no_resource"), (4, "no_resource"), (5, "not_json"), (6, "not_json"),
    ]  # fmt: skip
    assert rows(con, "SELECT source_row FROM mapped.infusion") == [(7,)]


def test_bytes_that_are_no_text_cost_one_line(tmp_path: Path) -> None:
    text = json.dumps(_patient()).encode()
    lines = [text, b'{"id":"\0"}', b'{"id":"\xff\xfe"}', json.dumps(_dose()).encode()]
    (tmp_path / "export.ndjson").write_bytes(b"\xef\xbb\xbf" + b"\r\n\r\n".join(lines))
    con = ingested(tmp_path, format=FORMAT)
    assert ledger(con, "export.ndjson") == (4, 2, 0, 2)
    found = rows(con, "SELECT source_row, reason FROM quarantine.unreadable ORDER BY 1")
    assert found == [(2, "nul_byte"), (3, "encoding")]


def test_types_are_told_by_the_resource_and_not_by_the_file(tmp_path: Path) -> None:
    _written(tmp_path, _dose("a1"), name="Patient.ndjson.gz")
    _written(tmp_path, _patient(), _dose("a2"), name="part2.json")
    (tmp_path / "Observation.ndjson").write_bytes(b"")
    con = ingested(tmp_path, format=FORMAT)
    assert rows(con, "SELECT infusion_id FROM mapped.infusion ORDER BY 1") == [("a1",), ("a2",)]
    assert ledger(con, "Observation.ndjson") == (0, 0, 0, 0)


def test_dates_of_three_precisions(tmp_path: Path) -> None:
    condition = {
        "resourceType": "Condition", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G61.81"}]},
    }  # fmt: skip
    con = ingested(
        _written(
            tmp_path,
            _patient("p1", birthDate="1970"), _patient("p2", birthDate="1970-05"),
            _patient("p3", birthDate="1970-05-06"),
            condition | {"onsetDateTime": "2019"}, condition | {"onsetDateTime": "2019-04"},
            condition | {"onsetDateTime": "2019-04-05T10:00:00+02:00"}, _dose(),
        ),
        format=FORMAT,
    )  # fmt: skip
    born = rows(con, "SELECT birth_date, birth_year FROM mapped.patient ORDER BY patient_id")
    assert born == [(None, "1970"), (None, "1970"), ("1970-05-06", None)]
    onset = rows(con, "SELECT onset_on FROM mapped.diagnosis ORDER BY source_row")
    assert onset == [(None,), (None,), ("2019-04-05",)]


def test_a_dose_dated_to_a_month_goes_to_quarantine(tmp_path: Path) -> None:
    doses = [_dose("a1"), _dose("a2", effectiveDateTime="2025-03")]
    con = judged(_written(tmp_path, _patient(), *doses), format=FORMAT, max_quarantine="1")
    assert rows(con, "SELECT infusion_id FROM staged.infusion") == [("a1",)]


def test_observations_of_every_shape(tmp_path: Path) -> None:
    def observation(code: str, **more: Any) -> Resource:
        return {
            "resourceType": "Observation", "status": "final",
            "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2025-03-03",
            "code": {"coding": [{"code": "x"}, {"system": "http://loinc.org", "code": code}]},
        } | more  # fmt: skip

    loinc = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    told = [
        observation("718-7", valueQuantity={"value": 5, "comparator": "<", "code": "g/dL"}),
        observation("2160-0", valueString=" <= 0.20 "),
        observation("1007-4", valueCodeableConcept={"text": "Positive"}),
        observation("85354-9", component=[{"code": loinc, "valueQuantity": {"value": 120}}]),
        observation("29463-7", valueQuantity={"value": 150, "code": "[lb_av]"}),
        observation("8302-2", valueQuantity={"value": 1.7, "code": "m"}),
        observation("29463-7", valueQuantity={"value": 150, "code": "stone"}),
        observation("883-9", valueCodeableConcept={"text": "ab"}),
        observation("2160-0", status="entered-in-error", valueQuantity={"value": 1}),
        observation("2160-0"),
    ]
    con = ingested(_written(tmp_path, _patient(), _dose(), *told), format=FORMAT)
    found = rows(con, "SELECT test_code, value, value_text, comparator FROM mapped.lab_result")
    assert sorted(found) == [
        ("1007-4", None, "Positive", None), ("2160-0", "0.20", None, "<="),
        ("718-7", "5", None, "<"), ("8480-6", "120", None, None),
    ]  # fmt: skip
    size = rows(con, "SELECT weight_kg, height_cm FROM mapped.body_measurement ORDER BY 1")
    assert size == [("68.039", None), (None, "170.000")]
    assert rows(con, "SELECT blood_group FROM mapped.patient") == [("AB",)]
    assert dict(rows(con, FATES))["body_size_unit"] == 1


def _observation(code: str, status: str, value: float, **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "status": status, "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": "2025-03-03T07:00:00Z",
        "valueQuantity": {"value": value, "code": "kg" if code == "29463-7" else "mg/dL"},
    } | more  # fmt: skip


def test_nobody_is_dosed_by_a_preliminary_weight(tmp_path: Path) -> None:
    told = [
        _observation("29463-7", "preliminary", 800), _observation("29463-7", "final", 80),
        _observation("29463-7", "preliminary", 81, effectiveDateTime="2025-03-04"),
        _observation("29463-7", "corrected", 82, effectiveDateTime="2025-03-05"),
    ]  # fmt: skip
    con = ingested(_written(tmp_path, _patient(), _dose(), *told), format=FORMAT)
    assert rows(con, "SELECT weight_kg FROM mapped.body_measurement") == [("80",), ("82",)]
    assert dict(rows(con, FATES))["not_final"] == 2


def _issue(name: str, **more: Any) -> Resource:
    return {
        "resourceType": "MedicationDispense", "id": name, "status": "completed",
        "subject": {"reference": "Patient/p1"}, "whenHandedOver": "2025-03-02T08:00:00Z",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("withdrawn", "fate"),
    [
        ({"status": "entered-in-error"}, "entered_in_error"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "modifier_unknown"),
    ],
)
def test_a_withdrawn_weight_or_blood_group_is_none_and_counted_as_withdrawn(
    tmp_path: Path, withdrawn: dict[str, Any], fate: str
) -> None:
    group = {"valueQuantity": None, "valueCodeableConcept": {"text": "AB"}}
    told = [
        _observation("29463-7", "final", 90),
        _observation("29463-7", "final", 80) | withdrawn,
        _observation("883-9", "final", 0, **group) | withdrawn,
    ]
    con = ingested(_written(tmp_path, _patient(), _dose(), *told), format=FORMAT)
    assert rows(con, "SELECT weight_kg FROM mapped.body_measurement") == [("90",)]
    assert rows(con, "SELECT blood_group FROM mapped.patient") == [(None,)]
    assert dict(rows(con, FATES)) == {"patient": 1, "read": 1, "body_size": 1, fate: 2}


def test_an_amount_of_more_digits_than_the_contract_keeps_ends_no_run(tmp_path: Path) -> None:
    """Penicillin is given by the million units, and stands in every export."""
    other = {"medicationCodeableConcept": {"text": "Penicillin G potassium"}}
    ours = {"medicationCodeableConcept": {"text": "Privigen"}}
    told = []
    for value in (5_000_000, 1e300, -1e12):
        for unit in ("[iU]", "g", "mg", "mL", "vial"):
            amount, name = {"value": value, "code": unit}, f"{value}{unit}"
            told += [
                _dose(f"a{name}", dosage={"dose": amount}, **other),
                _issue(f"b{name}", quantity=amount, **other),
                _issue(f"c{name}", quantity=amount, **ours),
            ]
    con = ingested(_written(tmp_path, _patient(), _dose(), *told), format=FORMAT)
    assert rows(con, "SELECT infusion_id, dose_g FROM mapped.infusion") == [("a1", "40")]
    assert len(rows(con, "SELECT * FROM mapped.dispensing")) == 15


def test_vials_times_a_size_beyond_all_doses_give_no_grams(tmp_path: Path) -> None:
    bag = {"resourceType": "Medication", "id": "bag", "code": {"text": "Privigen"}}
    bag |= {"amount": {"numerator": {"value": 999.999, "code": "g"}}}
    told = _issue(
        "d1", contained=[bag], medicationReference={"reference": "#bag"},
        quantity={"value": 9999, "unit": "vial"},
    )  # fmt: skip
    con = ingested(_written(tmp_path, _patient(), _dose(), told), format=FORMAT)
    assert rows(con, "SELECT dispensing_id, dose_g FROM mapped.dispensing") == [("d1", None)]


def test_a_preliminary_result_counts_where_it_was_left_at_that(tmp_path: Path) -> None:
    told = [
        _observation("2160-0", "preliminary", 9), _observation("2160-0", "final", 1),
        _observation("2160-0", "preliminary", 2, effectiveDateTime="2025-03-04T07:00:00Z"),
        _observation("718-7", "preliminary", 3),
    ]  # fmt: skip
    con = ingested(_written(tmp_path, _patient(), _dose(), *told), format=FORMAT)
    found = rows(con, "SELECT test_code, value FROM mapped.lab_result ORDER BY 1, 2")
    assert found == [("2160-0", "1"), ("2160-0", "2"), ("718-7", "3")]
    assert dict(rows(con, FATES))["preliminary_replaced"] == 1


@pytest.mark.parametrize(
    ("quantity", "grams"),
    [
        ({"code": "g", "system": UCUM}, "40"),
        ({"code": "G", "system": UCUM}, None),  # gauss
        ({"unit": "G", "system": UCUM}, "40"),  # words, for people to read
        ({"code": "G"}, "40"),
        ({"unit": "G"}, "40"),
        ({"code": "mL", "system": UCUM}, "4.000"),
        ({"code": "ml", "system": UCUM}, "4.000"),
        ({"code": "ML", "system": UCUM}, None),  # megalitres
        ({"unit": "ML"}, "4.000"),
        ({"code": "MG", "system": UCUM}, None),  # megagauss
    ],
)
def test_units_of_ucum_tell_small_letters_from_capitals(
    tmp_path: Path, quantity: Resource, grams: str | None
) -> None:
    told = _infusions(tmp_path, _dose(dosage={"dose": {"value": 40} | quantity}))
    assert told == [("a1", grams, "completed")]


@pytest.mark.parametrize(
    ("status", "handed_over", "fate", "grams"),
    [
        ("completed", True, "issued", "40"),
        ("in-progress", True, "status_unsure", None),
        ("in-progress", False, "not_dispensed", "nothing"),
        ("preparation", False, "not_dispensed", "nothing"),
        ("unknown", True, "status_unsure", None),
        (None, True, "status_unsure", None),
    ],
)
def test_grams_are_handed_out_when_the_status_says_so(
    tmp_path: Path, status: str | None, *, handed_over: bool, fate: str, grams: str | None
) -> None:
    issue = {
        "resourceType": "MedicationDispense", "id": "d1", "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "Privigen"}, "quantity": {"value": 40, "code": "g"},
        ("whenHandedOver" if handed_over else "whenPrepared"): "2025-03-03T08:00:00Z",
    } | ({"status": status} if status else {})  # fmt: skip
    con = ingested(_written(tmp_path, _patient(), issue), format=FORMAT)
    assert dict(rows(con, FATES))[fate] == 1
    found = rows(con, "SELECT dose_g FROM mapped.dispensing")
    assert found == ([] if grams == "nothing" else [(grams,)])


def test_an_hour_without_a_zone_is_the_clock_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[source]\ntime_zone = "Europe/Berlin"\n', "utf-8")
    dose = _dose(effectiveDateTime="2025-03-03T00:30:00")
    con = judged(_written(tmp_path, _patient(), dose), format=FORMAT)
    found = rows(con, "SELECT started_at::VARCHAR, started_on::VARCHAR FROM staged.infusion")
    assert found == [("2025-03-02 23:30:00", "2025-03-03")]


@pytest.mark.parametrize(
    ("coding", "is_globulin"),
    [
        ({"system": "http://hl7.org/fhir/sid/ndc", "code": "44206-0437-10"}, True),
        ({"system": "http://hl7.org/fhir/sid/ndc", "code": "44206043710"}, True),
        ({"system": "http://www.whocc.no/atc", "code": "J06BA02"}, True),
        ({"system": "urn:hcpcs", "code": "J1459"}, True),
        ({"code": "1", "display": "immunoglobulin G 100 MG/ML Injection [Privigen]"}, True),
        ({"code": "1", "display": "Immune Globulin (unheard of) 10 %"}, True),
        ({"code": "IVIGBAG"}, False),
        ({"code": "IVIGBAG", "display": "Bag"}, False),
        ({"code": "ALBU100", "display": "Albumin 25%"}, False),
        ({"code": "1", "display": "Anti-thymocyte globulin"}, False),
    ],
)
def test_products_are_known_by_their_codes(
    tmp_path: Path, coding: Resource, *, is_globulin: bool
) -> None:
    fates = _fates(tmp_path, _dose(medicationCodeableConcept={"coding": [coding]}))
    assert fates == {"read" if is_globulin else "medicine_not_listed": 1}


def test_a_bare_code_is_known_by_its_request_unless_that_is_a_mixture(tmp_path: Path) -> None:
    def request(name: str, medication: str) -> Resource:
        return {
            "resourceType": "MedicationRequest", "id": name, "status": "active", "intent": "order",
            "subject": {"reference": "Patient/p1"},
            "medicationReference": {"reference": f"Medication/{medication}"},
        }  # fmt: skip

    plain = {"resourceType": "Medication", "id": "m1", "code": {"text": "Privigen"}}
    held = [{"itemReference": {"reference": "Medication/m1"}}]
    mixture = {"resourceType": "Medication", "id": "m2", "ingredient": held}
    bare = {"coding": [{"code": "FORM1"}]}
    doses = [
        _dose(
            f"a{n}", medicationCodeableConcept=bare, request={"reference": f"MedicationRequest/{n}"}
        )
        for n in "12"
    ]
    found = _infusions(tmp_path, plain, mixture, request("1", "m1"), request("2", "m2"), *doses)
    assert [row[0] for row in found] == ["a1", "a2"]
    con = ingested(tmp_path, format=FORMAT)
    told = rows(con, "SELECT infusion_id, product_code FROM mapped.infusion ORDER BY 1")
    # of a mixture the dose may be the saline or not: its product is unknown
    assert told == [("a1", "Privigen"), ("a2", "FORM1")]


def test_a_medicine_that_was_not_given_is_no_medicine_taken(tmp_path: Path) -> None:
    paracetamol = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}]}
    doses = [
        _dose("a1"),
        _dose("a2", medicationCodeableConcept=paracetamol),
        _dose("a3", medicationCodeableConcept=paracetamol, status="not-done"),
    ]
    con = ingested(_written(tmp_path, _patient(), *doses), format=FORMAT)
    assert rows(con, "SELECT code, source_row FROM mapped.medication") == [("N02BE01", 3)]


def test_a_folder_without_resources_and_a_renamed_element_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no FHIR resource"):
        ingested(tmp_path, format=FORMAT)
    told = 'format = "fhir-r4"\n[table.patient.rename]\nid = "ID"\n'
    (_written(tmp_path, _patient(), _dose()) / "audit.toml").write_text(told, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape("table.patient: FHIR names the elements")):
        ingested(tmp_path)
