"""A dose in FHIR that nobody can read is no proof of a short course.

From CSV a bag of an unknown product makes its course not assessable; from FHIR it would pass for
another medicine, of which a hospital gives thousands. Each row of the table is one dose of a
patient who was given Privigen two days before and after: is it an immune globulin we know, an
unknown product or another medicine?
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingested import ingested, rows
from tables import table
from tools.same_verdicts import judged

Resource = dict[str, Any]

# `order` is the medicine of the request; an empty cell is an element that is not there.
DOSES = table(
    """
    code     | name                  | order           | dose | unit | route | becomes
    X815     |                       |                 | 40   | g    | IV    | unknown
    X815     |                       |                 | 40   | g    |       | unknown
    X815     |                       |                 | 400  | mL   | IV    | unknown
    X815     |                       |                 |      |      | IV    | unknown
             | PROD-0815             |                 | 40   | g    | IV    | unknown
             | PROD-0815             | PROD-0815       | 40   | g    | IV    | unknown
             |                       |                 | 40   | g    | IV    | unknown
             | Novum                 |                 | 40   | g    | IV    | unknown
             | Novum 10 %            | Privigen        | 400  | mL   | IV    | unknown
    X815     |                       | Privigen        | 40   | g    | IV    | globulin
             |                       | Privigen        | 40   | g    | IV    | globulin
    X815     |                       |                 | 40   | g    | PO    | other
    X815     |                       |                 | 0.4  | g    | IV    | other
    X815     |                       |                 | 400  | mg   | IV    | other
    X815     |                       |                 | 40   | mEq  | IV    | other
    X815     |                       |                 | 4    | puff |       | other
    X815     |                       | Paracetamol     | 1    | g    | IV    | other
    J01DD04  |                       |                 | 2    | g    | IV    | other
    X815     | Ceftriaxone           |                 | 2    | g    | IV    | other
             | Novum                 |                 | 4    | g    | IV    | other
             | Novum                 |                 | 400  | mL   | IV    | other
             | Albumin 20 %          |                 | 20   | g    | IV    | other
             | Sodium chloride 0.9 % | Privigen        | 100  | mL   | IV    | other
    """,
)


def _privigen(name: str, day: int, dose: int = 40, patient: str = "p1") -> Resource:
    return {
        "resourceType": "MedicationAdministration", "id": name, "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "Privigen"},
        "effectiveDateTime": f"2025-03-{day:02}T08:00:00Z",
        "dosage": {"dose": {"value": dose, "code": "g"}, "route": {"text": "IV"}},
    }  # fmt: skip


def _patient(name: str = "p1") -> Resource:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1970-01-01"}


def _resources(name: str, told: dict[str, str | None]) -> list[Resource]:
    """Return the dose of one row of the table, of a patient of that name, and its request."""
    dose = _privigen(name, 5, patient=name) | {"dosage": {}}
    del dose["medicationCodeableConcept"]
    system = "http://www.whocc.no/atc" if told["code"] == "J01DD04" else "urn:formulary"
    coding = [{"system": system, "code": told["code"]}] if told["code"] else None
    named = {"coding": coding, "text": told["name"]}
    if any(named.values()):
        dose["medicationCodeableConcept"] = {key: said for key, said in named.items() if said}
    else:
        dose["medicationReference"] = {"reference": "Medication/nowhere"}
    if told["dose"]:
        dose["dosage"]["dose"] = {"value": float(told["dose"]), "unit": told["unit"]}
    if told["route"]:
        dose["dosage"]["route"] = {"text": told["route"]}
    if told["order"] is None:
        return [_patient(name), dose]
    request = {
        "resourceType": "MedicationRequest", "id": f"r-{name}", "status": "active",
        "intent": "order", "subject": {"reference": f"Patient/{name}"},
        "medicationCodeableConcept": {"text": told["order"]},
    }  # fmt: skip
    dose["request"] = {"reference": f"MedicationRequest/r-{name}"}
    return [_patient(name), request, dose]


def _written(folder: Path, *resources: Resource) -> Path:
    lines = [json.dumps(one) for one in resources]
    (folder / "export.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _read_as(folder: Path, resources: list[Resource]) -> dict[str, str]:
    """Return by id what each dose is read as; what is read as nothing is missing."""
    con = ingested(_written(folder, *resources), format="fhir-r4")
    found = dict(rows(con, "SELECT infusion_id, product_code FROM mapped.infusion"))
    of = {
        name: "globulin" if product in ("Privigen", "Privigen 10 %") else "unknown"
        for name, product in found.items()
    }
    others = {row for (row,) in rows(con, "SELECT source_row FROM mapped.medication")}
    numbered = enumerate(resources, start=1)
    is_dose = "MedicationAdministration"
    return of | {
        str(one["id"]): "other"
        for row, one in numbered
        if one["resourceType"] == is_dose and row in others
    }


def test_a_dose_nobody_can_read_is_an_unknown_product_beside_immune_globulin(
    tmp_path: Path,
) -> None:
    resources: list[dict[str, object]] = []
    expected: dict[str, str] = {}
    for n, told in enumerate(DOSES.rows(named=True)):
        name = f"s{n}"
        resources += _resources(name, told)
        resources += [_privigen(f"{name}-{day}", day, patient=name) for day in (3, 7)]
        expected |= {name: told["becomes"], f"{name}-3": "globulin", f"{name}-7": "globulin"}
    assert _read_as(tmp_path, resources) == expected


def test_it_is_another_medicine_of_a_patient_without_immune_globulin(tmp_path: Path) -> None:
    """Others in the same export have immune globulin; a missing medicine is none at all."""
    resources, expected = [_patient(), _privigen("i1", 3)], {"i1": "globulin"}
    for n, told in enumerate(DOSES.filter(DOSES["order"].is_null()).rows(named=True)):
        resources += _resources(f"s{n}", told)
        expected |= {f"s{n}": "other"} if told["code"] or told["name"] else {}
    assert _read_as(tmp_path, resources) == expected


def test_a_course_with_such_a_bag_is_not_assessable_and_never_breached(tmp_path: Path) -> None:
    """Five days of 32 g make 2 g/kg for 80 kg; without the third day's bag the course is short."""
    weight = {
        "resourceType": "Observation", "id": "w1", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2025-03-03",
        "valueQuantity": {"value": 80, "code": "kg"},
    }  # fmt: skip
    doses = [
        _privigen(f"i{day}", day, 32) | {"reasonCode": [{"text": "gbs"}]} for day in range(3, 8)
    ]
    (tmp_path / "source_coverage.csv").write_text(
        "record,from_on,to_on\ninfusion,2023-01-01,2025-12-31\n", encoding="utf-8"
    )
    said = []
    for medicine in ({"text": "Privigen"}, {"coding": [{"code": "X815"}]}):
        doses[2]["medicationCodeableConcept"] = medicine
        folder = _written(tmp_path, _patient(), weight, *doses)
        con = judged(folder, format="fhir-r4", as_of="2025-12-31")
        said += rows(
            con,
            """
            SELECT DISTINCT v.status, v.reason
            FROM audit.verdict AS v
            INNER JOIN derived.course AS c ON v.subject_key = c.course_key
            WHERE v.kind = 'regimen' AND v.subject_kind = 'course' AND c.indication_code = 'gbs'
            """,
        )
    assert said == [("met", None), ("not_assessable", "bag_unresolved")]


def test_a_code_that_the_medications_of_the_source_name_is_told(tmp_path: Path) -> None:
    def medication(code: str, name: str) -> Resource:
        coding = [{"system": "urn:formulary", "code": code, "display": name}]
        return {"resourceType": "Medication", "id": code, "code": {"coding": coding}}

    resources = [_patient(), _privigen("i1", 3)]
    resources += [medication("A1", "Privigen"), medication("B2", "Albumin 20 %")]
    for n, code in enumerate(("A1", "B2", "C3")):
        concept = {"coding": [{"system": "urn:formulary", "code": code}]}
        resources.append(_privigen(code, 5 + n) | {"medicationCodeableConcept": concept})
    assert _read_as(tmp_path, resources) == {
        "i1": "globulin", "A1": "globulin", "B2": "other", "C3": "unknown"
    }  # fmt: skip
