"""Write a folder of contract CSV files as tables of the OMOP Common Data Model 5.4.

What the model has no column for is left out. Shares no code with the reader.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

Row = dict[str, str]

GENDERS = {"M": "8507", "F": "8532", "X": "8521", "U": "0"}
VISITS = {"inpatient": "9201", "home": "581476"}
ROUTES = {"IV": "4171047", "SC": "4142048", "IM": "4302612"}
UNITS = {"mass": "8504", "volume": "8587"}
OPERATORS = {"<": "4171756", "<=": "4171754", ">": "4172704", ">=": "4171755"}
CARRIED = {
    "patient": ("patient_id", "birth_date", "sex", "deceased_on"),
    "body_measurement": ("patient_id", "measured_at", "weight_kg", "height_cm"),
    "diagnosis": ("patient_id", "code_system", "code", "recorded_on", "position"),
    "infusion": (
        "infusion_id", "patient_id", "started_at", "ended_at", "product_code", "dose_g",
        "volume_ml", "route", "lot_number", "stop_reason", "site_id", "prescriber_id",
    ),
    "dispensing": (
        "dispensing_id", "patient_id", "dispensed_at", "product_code", "dose_g", "route",
        "lot_number", "site_id",
    ),
    "lab_result": (
        "patient_id", "test_code", "collected_at", "value", "value_text", "comparator", "unit",
    ),
    "medication": ("patient_id", "code_system", "code", "started_at", "ended_at"),
    "vaccination": ("patient_id", "vaccine_code", "given_on"),
    "clinical_event": ("patient_id", "event_code", "occurred_at"),
    "authorisation": (), "outcome_review": (), "adverse_event": (), "source_coverage": (),
}  # fmt: skip
"""What the model can say of each record; of those without columns nothing is left out, for their
files lie beside the tables."""


def read(folder: Path, record: str) -> list[Row]:
    """Return the rows of a contract file, or none."""
    path = folder / f"{record}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def only_carried(source: Path, target: Path) -> Path:
    """Write the contract files less what OMOP cannot carry."""
    target.mkdir(parents=True, exist_ok=True)
    for record, columns in CARRIED.items():
        rows = read(source, record)
        if rows:
            kept = [
                row if not columns else {name: row.get(name, "") for name in columns}
                for row in rows
            ]
            for row in kept:
                if "volume_ml" in row and not _is_in_ml(row):
                    row["volume_ml"] = ""
            _write(target / f"{record}.csv", kept)
    return target


def as_omop(source: Path, target: Path) -> Path:
    """Write the tables of the model, and beside them the records it has no table for."""
    target.mkdir(parents=True, exist_ok=True)
    writer = _Writer()
    for record, write in writer.ways().items():
        for row in read(source, record):
            write(row)
    for table, rows in writer.tables.items():
        _write(target / f"{table.upper()}.csv", rows)
    for record, columns in CARRIED.items():
        if not columns and (source / f"{record}.csv").is_file():
            (target / f"{record}.csv").write_bytes((source / f"{record}.csv").read_bytes())
    return target


def _is_in_ml(row: Row) -> bool:
    """Say whether the row is written in millilitres of a product of 100 g/l."""
    dose, volume = row.get("dose_g"), row.get("volume_ml")
    return bool(dose and volume) and Decimal(volume or 0) == 10 * Decimal(dose or 0)


def _n_vials(row: Row) -> str:
    """Return the number of vials that make up the dose of a dispensing, or nothing."""
    size, number = row.get("vial_size_g"), row.get("n_vials")
    if not size or not number or Decimal(size) * int(number) != Decimal(row["dose_g"] or 0):
        return ""
    return number


def _write(path: Path, rows: list[Row]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


class _Writer:
    """Rows of the tables, and the concepts they name."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {
            "concept": [
                {
                    "concept_id": "0", "concept_name": "No matching concept",
                    "vocabulary_id": "None", "concept_code": "No matching concept",
                }
            ]
        }  # fmt: skip
        self._concepts: dict[tuple[str, str], str] = {}
        self._visits: dict[tuple[str, str], str] = {}

    def ways(self) -> dict[str, Callable[[Row], None]]:
        """Return how each record is written."""
        return {
            "patient": self.person,
            "infusion": lambda row: self.exposure(
                row, row["infusion_id"], row["started_at"], "32818", row["ended_at"]
            ),
            "dispensing": lambda row: self.exposure(
                row, row["dispensing_id"], row["dispensed_at"], "32825", ""
            ),
            "medication": lambda row: self.medicine(
                row, row["code_system"], row["code"], row["started_at"], row["ended_at"]
            ),
            "vaccination": lambda row: self.medicine(
                row, "CVX", row["vaccine_code"], row["given_on"], ""
            ),
            "body_measurement": self.size,
            "lab_result": self.result,
            "diagnosis": self.condition,
            "clinical_event": self.procedure,
        }

    def _add(self, table: str, row: Row) -> None:
        self.tables.setdefault(table, []).append(row)

    def _next(self, table: str) -> str:
        return str(len(self.tables.get(table, [])) + 1)

    def _concept(self, vocabulary: str, code: str, name: str = "") -> str:
        if not code:
            return "0"
        if (vocabulary, code) not in self._concepts:
            number = str(2_000_000_000 + len(self._concepts))
            self._concepts[vocabulary, code] = number
            self._add(
                "concept",
                {
                    "concept_id": number, "concept_name": name or code,
                    "vocabulary_id": vocabulary, "concept_code": code,
                },
            )  # fmt: skip
        return self._concepts[vocabulary, code]

    def person(self, row: Row) -> None:
        born = (row["birth_date"] or "--").split("-")
        self._add(
            "person",
            {
                "person_id": row["patient_id"], "gender_concept_id": GENDERS.get(row["sex"], "0"),
                "year_of_birth": born[0], "month_of_birth": born[1].lstrip("0"),
                "day_of_birth": born[2].lstrip("0"), "gender_source_value": row["sex"],
            },
        )  # fmt: skip
        if row.get("deceased_on"):
            self._add("death", {"person_id": row["patient_id"], "death_date": row["deceased_on"]})

    def _visit(self, row: Row) -> str:
        """Return the visit that says where it was, one per person and site."""
        site = row.get("site_id", "")
        if not site:
            return ""
        key = (row["patient_id"], site)
        if key not in self._visits:
            self._visits[key] = self._next("visit_occurrence")
            self._add(
                "visit_occurrence",
                {
                    "visit_occurrence_id": self._visits[key], "person_id": row["patient_id"],
                    "visit_concept_id": "0", "visit_start_date": "2000-01-01",
                    "visit_end_date": "2000-01-01", "care_site_id": site,
                },
            )  # fmt: skip
        return self._visits[key]

    def exposure(self, row: Row, key: str, at: str, kind: str, ended: str) -> None:
        """Write an immune globulin in millilitres, in vials or, where neither is told, in grams."""
        quantity, unit, drug = row["dose_g"], "g", "0"
        brand = row["product_code"]
        if _is_in_ml(row):
            quantity, unit = row["volume_ml"], "mL"
            drug = self._strength(f"immunoglobulin G, human 100 MG/ML [{brand}]", per_ml="100")
        elif _n_vials(row):
            quantity, unit = _n_vials(row), "vial"
            mg = str(Decimal(row["vial_size_g"]) * 1000)
            drug = self._strength(f"immunoglobulin G, human {mg} MG Injection", piece=mg)
        self._add(
            "drug_exposure",
            self._drug_row(row["patient_id"], drug, at, ended, kind)
            | {
                "drug_exposure_id": key, "quantity": quantity, "dose_unit_source_value": unit,
                "drug_source_value": brand, "lot_number": row["lot_number"],
                "route_concept_id": ROUTES.get(row["route"], "0"),
                "route_source_value": row["route"], "stop_reason": row.get("stop_reason", ""),
                "provider_id": row.get("prescriber_id", ""),
                "visit_occurrence_id": self._visit(row),
            },
        )  # fmt: skip

    def _strength(self, name: str, *, per_ml: str = "", piece: str = "") -> str:
        """Return the concept of a drug that DRUG_STRENGTH knows."""
        drug = self._concept("RxNorm", name, name)
        if not any(row["drug_concept_id"] == drug for row in self.tables.get("drug_strength", [])):
            self._add(
                "drug_strength",
                {
                    "drug_concept_id": drug, "ingredient_concept_id": "1",
                    "amount_value": piece, "amount_unit_concept_id": "8576" if piece else "",
                    "numerator_value": per_ml,
                    "numerator_unit_concept_id": "8576" if per_ml else "",
                    "denominator_value": "",
                    "denominator_unit_concept_id": "8587" if per_ml else "",
                    "box_size": "", "invalid_reason": "",
                },
            )  # fmt: skip
        return drug

    def _drug_row(self, person: str, drug: str, at: str, ended: str, kind: str) -> Row:
        return {
            "drug_exposure_id": f"m{self._next('drug_exposure')}", "person_id": person,
            "drug_concept_id": drug, "drug_exposure_start_date": at[:10],
            "drug_exposure_start_datetime": at.replace("T", " "),
            "drug_exposure_end_date": (ended or at)[:10],
            "drug_exposure_end_datetime": ended.replace("T", " "), "drug_type_concept_id": kind,
        }  # fmt: skip

    def medicine(self, row: Row, system: str, code: str, at: str, ended: str) -> None:
        drug = self._concept(system, code)
        written = self._drug_row(row["patient_id"], drug, at, ended, "32838")
        self._add("drug_exposure", written | ({} if ended else {"drug_exposure_end_date": ""}))

    def _measurement(self, row: Row, loinc: str, at: str) -> Row:
        return {
            "measurement_id": self._next("measurement"), "person_id": row["patient_id"],
            "measurement_concept_id": self._concept("LOINC", loinc),
            "measurement_date": at[:10], "measurement_datetime": at.replace("T", " "),
            "measurement_source_value": loinc,
        }  # fmt: skip

    def size(self, row: Row) -> None:
        for loinc, name, unit in (("29463-7", "weight_kg", "kg"), ("8302-2", "height_cm", "cm")):
            if row[name]:
                self._add(
                    "measurement",
                    self._measurement(row, loinc, row["measured_at"])
                    | {
                        "value_as_number": row[name],
                        "unit_concept_id": self._concept("UCUM", unit),
                    },
                )

    def result(self, row: Row) -> None:
        said = {"value_as_concept_id": self._concept("SNOMED", row.get("value_text", ""))}
        self._add(
            "measurement",
            self._measurement(row, row["test_code"], row["collected_at"])
            | {
                "value_as_number": row["value"],
                "operator_concept_id": OPERATORS.get(row.get("comparator", ""), "0"),
                "unit_concept_id": self._concept("UCUM", row["unit"]),
            }
            | said,
        )

    def condition(self, row: Row) -> None:
        rank = {"principal": "32902", "secondary": "32908"}
        self._add(
            "condition_occurrence",
            {
                "condition_occurrence_id": self._next("condition_occurrence"),
                "person_id": row["patient_id"], "condition_concept_id": "0",
                "condition_start_date": row["recorded_on"],
                "condition_status_concept_id": rank.get(row.get("position", ""), "0"),
                "condition_source_value": row["code"],
                "condition_source_concept_id": self._concept(row["code_system"], row["code"]),
            },
        )  # fmt: skip

    def procedure(self, row: Row) -> None:
        self._add(
            "procedure_occurrence",
            {
                "procedure_occurrence_id": self._next("procedure_occurrence"),
                "person_id": row["patient_id"], "procedure_concept_id": "0",
                "procedure_date": row["occurred_at"][:10],
                "procedure_datetime": row["occurred_at"].replace("T", " "),
                "procedure_source_value": row["event_code"],
            },
        )  # fmt: skip
