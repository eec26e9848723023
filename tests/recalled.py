"""A hospital with one lot in every place where a recall must look, written as files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from audited import write_records

LOT: Final = "AB-1023"
PATIENTS: Final = [*(f"P{number}" for number in range(1, 20)), "=P20"]

RECORDS: Final = {
    "patient": "patient_id | birth_date | sex | deceased_on\n"
    + "\n".join(
        f"{name} | 1980-01-01 | F | {'2024-05-05' if name == 'P7' else ''}" for name in PATIENTS
    ),
    "infusion": """
        infusion_id | patient_id | started_at | ended_at | product_code | dose_g | route | lot_number | dispensing_id | status | site_id
        i01 | P1    | 2024-03-01 09:00 | 2024-03-01 13:00 | Privigen | 40 | IV | AB-1023          |    | completed | north
        i02 | P2    | 2024-03-02 09:00 | 2024-03-02 13:00 | Privigen | 40 | IV | ab 1023          |    | completed | north
        i03 | P3    | 2024-03-03 09:00 | 2024-03-03 13:00 | Privigen | 40 | IV | AB–IO23          |    | completed | north
        i04 | P4    | 2024-03-04 09:00 | 2024-03-04 13:00 | Privigen | 40 | IV | 00ab1O23         |    | completed | north
        i05 | P5    | 2024-03-05 09:00 | 2024-03-05 13:00 | Privigen | 40 | IV | CD-77; AB-1023   |    | completed | north
        i06 | P6    | 2024-03-06 09:00 | 2024-03-06 13:00 | Privigen | 40 | IV | AB-1024          |    | completed | north
        i07 | P7    | 2024-03-07 09:00 | 2024-03-07 11:00 | Privigen | 20 | IV | AB-1023          |    | completed | north
        i08 | P7    | 2024-03-07 11:30 | 2024-03-07 13:00 | Privigen | 15 | IV | AB-1023          |    | completed | north
        i09 | P8    | 2024-03-08 09:00 | 2024-03-08 13:00 | Privigen | 40 | IV |                  |    | completed | north
        i10 | P9    | 2024-03-09 09:00 | 2024-03-09 13:00 | Kiovig   | 40 | IV | AB-1023          |    | completed | north
        i11 | P10   | 2024-03-10 09:00 | 2024-03-10 07:00 | Privigen | 40 | IV | AB-1023          |    | completed | north
        i12 | PX    | 2024-03-11 09:00 | 2024-03-11 13:00 | Privigen | 40 | IV | AB-1023          |    | completed | north
        i13 | P11   | 2024-03-12 09:00 | 2024-03-12 11:00 | Hizentra | 10 | SC | AB-1023          |    | completed | north
        i14 | P13   | 2024-03-13 09:00 | 2024-03-13 13:00 | Privigen | 30 | IV |                  | d2 | completed | south
        i15 | P14   | 2024-03-14 09:00 | 2024-03-14 13:00 | Privigen | 20 | IV | QQ-1             | d3 | completed | south
        i16 | P1    | 2024-04-01 09:00 |                  | Privigen | 40 | IV | AB-1023          |    | not_given | north
        i17 | P17   | 2024-03-15 09:00 | 2024-03-15 13:00 | Privigen | 35 | IV |                  | d1 | completed | south
        i18 | P18   | 2024-03-16 09:00 | 2024-03-16 13:00 | Privigen | 40 | IV |                  |    | completed | south
        i19 | =P20  | 2024-03-17 09:00 | 2024-03-17 13:00 | Privigen | 40 | IV | AB-1023          |    | completed | south
    """,  # noqa: E501 - a table reads better in one line per row
    "infusion_lot": """
        infusion_id | product_code | lot_number | dose_g | vial_size_g | n_vials
        i09         | Privigen     | AB-1023    | 10     | 10          | 1
        i09         | Privigen     | ZZ-9       | 30     | 10          | 3
        i18         | Privigen     | AB-1023    | 90     | 10          | 1
    """,
    "dispensing": """
        dispensing_id | patient_id | dispensed_at | product_code | dose_g | route | lot_number | returned_g | site_id
        d1 | P12 | 2024-03-12 08:00 | Privigen | 25 | IV | AB-1023 |    | south
        d2 | P13 | 2024-03-13 08:00 | Privigen | 30 | IV | AB-1023 |    | south
        d3 | P14 | 2024-03-14 08:00 | Privigen | 20 | IV | AB-1023 |    | south
        d4 | P15 | 2024-03-15 08:00 | Privigen | 20 | IV | AB-1023 | 20 | south
        d5 | P16 | 2024-03-16 08:00 | Hizentra | 10 | SC | AB-1023 |    | south
    """,  # noqa: E501 - a table reads better in one line per row
    "adverse_event": """
        event_id | patient_id | term     | onset_at   | grade | lot_number
        e1       | P1         | headache | 2024-03-02 | 2     |
        e2       | P1         | rash     | 2024-02-01 | 1     |
        e3       | P2         | fever    |            | 1     |
        e4       | P19        | chills   | 2024-03-20 | 1     | AB 1023
    """,
    "clinical_event": """
        patient_id | event_code   | occurred_at
        P1         | last_contact | 2024-06-01
    """,
    "body_measurement": "patient_id | measured_at | weight_kg\nP1 | 2024-02-20 08:00 | 77.7",
}
_RAGGED: Final = "i20,P99,2024-03-18 09:00,,Privigen,40,IV,AB-1023,,completed,south,too,many\n"


def write_hospital(folder: Path) -> Path:
    """Write the records, one of their lines unreadable."""
    write_records(folder, RECORDS)
    with (folder / "infusion.csv").open("a", encoding="utf-8") as file:
        file.write(_RAGGED)
    return folder
