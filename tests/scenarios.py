"""Records of a hospital drawn as a table of courses, one patient to a line."""

from __future__ import annotations

from datetime import date, timedelta

from empty_store import rows_of

BEGUN = date(2024, 3, 31)
COVERED = (
    "infusion",
    "dispensing",
    "body_measurement",
    "diagnosis",
    "medication",
    "vaccination",
    "lab_result",
    "clinical_event",
)
_INFUSION = (
    "infusion_id|patient_id|started_at|ended_at|product_code|dose_g|route|indication_code|phase"
    "|prescribed_dose_g"
)


def records_of(courses: str) -> dict[str, str]:
    """Return the records of a hospital as text.

    Args:
        courses: per line a `patient` with `age`, `sex`, `kg` and `cm`, what the course is for
            (`indication`, `phase`), the `product`, the grams of each day (`g`, one number or one
            for each day), where it matters what was `prescribed`, and the `days`, counted from
            31 March 2024.
    """
    told: dict[str, list[str]] = {
        "patient": ["patient_id|birth_date|sex"],
        "body_measurement": ["patient_id|measured_at|weight_kg|height_cm"],
        "infusion": [_INFUSION],
        "source_coverage": ["record|from_on|to_on"]
        + [f"{record}|2019-01-01|2026-12-31" for record in COVERED],
    }
    for row in rows_of(courses):
        cells = {name: str(cell) if cell is not None else "" for name, cell in row.items()}
        _note_patient(told, cells)
        _note_bags(told, cells)
    return {record: "\n".join(lines) for record, lines in told.items()}


def _note_patient(told: dict[str, list[str]], cells: dict[str, str]) -> None:
    """Note a patient born on 1 January, weighed on the morning of every day of treatment."""
    name = cells["patient"]
    told["patient"].append(f"{name}|{BEGUN.year - int(cells['age'])}-01-01|{cells['sex']}")
    for day in cells["days"].split():
        on = BEGUN + timedelta(days=int(day))
        told["body_measurement"].append(f"{name}|{on} 07:00|{cells['kg']}|{cells['cm']}")


def _note_bags(told: dict[str, list[str]], cells: dict[str, str]) -> None:
    """Note one bag of four hours on each day."""
    days, grams = cells["days"].split(), cells["g"].split()
    for day, dose_g in zip(days, grams * len(days) if len(grams) == 1 else grams, strict=False):
        on = BEGUN + timedelta(days=int(day))
        told["infusion"].append(
            f"i{len(told['infusion'])}|{cells['patient']}|{on} 09:00|{on} 13:00|{cells['product']}"
            f"|{dose_g}|IV|{cells['indication']}|{cells['phase']}|{cells.get('prescribed', '')}"
        )
