"""A small hospital whose findings and serious events are handed to other systems, run once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from audited import write_records

from pipeline.config import load_settings
from pipeline.run.audit import audit
from pipeline.run.journal import Journal

EVIL: Final = "<b>&amp;]]>--'{{"
"""Text that would end a tag, a comment or a string early."""
IDS: Final = ("ZQ<1>&", "ZQ2", "ZQ3", "ZQ4")

RECORDS: Final = {
    "patient": """
        patient_id | birth_date | birth_year | sex | deceased_on
        ZQ<1>&     | 1980-05-04 |            | F   |
        ZQ2        |            | 1950       | M   | 2024-03-20
        ZQ3        |            |            | X   |
        ZQ4        | 1970-01-01 |            | M   |
    """,
    "body_measurement": """
        patient_id | measured_at      | weight_kg | height_cm
        ZQ<1>&     | 2024-02-28 08:00 | 60        | 165
        ZQ2        | 2023-02-28 08:00 | 90        |
        ZQ4        | 2024-02-28 08:00 | 70        |
    """,
    "infusion": """
        infusion_id | patient_id | started_at       | ended_at         | product_code | dose_g | route | indication_code | status
        ZQi1        | ZQ<1>&     | 2024-03-01 09:00 | 2024-03-01 11:00 | Privigen     | 90     | IV    | itp_adult       | completed
        ZQi2        | ZQ<1>&     | 2024-03-01 11:30 | 2024-03-01 13:00 | Privigen     | 60.5   | IV    | itp_adult       | stopped
        ZQi3        | ZQ2        | 2024-03-02 09:00 |                  | Octagam      | 30     | IV    | cidp            | completed
        ZQi4        | ZQ4        | 2024-03-03 09:00 | 2024-03-03 13:00 | Privigen     | 70     | IV    | itp_adult       | completed
        ZQi5        | ZQ4        | 2024-03-04 09:00 | 2024-03-04 13:00 | Privigen     | 70     | IV    | itp_adult       | completed
    """,  # noqa: E501 - a table reads better in one line per row
    "infusion_lot": f"""
        infusion_id | product_code | lot_number | n_vials | dose_g
        ZQi1        | Privigen     | L-1{EVIL}  | 2       | 40
        ZQi1        | Privigen     | L-2        | 2       | 50
        ZQi2        | Privigen     | L-3        | 3       | 60.5
        ZQi3        | Octagam      | O-9        | 1       | 30
    """,
    "adverse_event": f"""
        event_id | patient_id | term        | onset_at         | grade | is_serious | seriousness      | imputability | assessor  | outcome   | infusion_id | product_code | lot_number | reported_at | reported_to | report_reference
        ZQe1     | ZQ<1>&     | Anaphylaxis | 2024-03-01 12:00 | 4     | true       | life threatening | probable     | physician | recovered | ZQi2        |              |            | 2024-03-02  |             |
        ZQe2     | ZQ2        | Odd {EVIL}  | 2024-03-05       |       | true       | death            |              |           | {EVIL}    |             |              |            | 2024-03-25  |             |
        ZQe3     | ZQ3        | Stroke      |                  |       | true       |                  |              |           |           |             | {EVIL}       | Q{EVIL}    |             |             |
        ZQe4     | ZQ4        | Headache    | 2024-03-04 15:00 | 2     | false      |                  | possible     |           |           |             |              |            | 2024-03-05  |             |
        ZQe5     | ZQ4        | Haemolysis  | 2024-03-08 15:00 | 3     | true       | hospitalisation  | possible     | nurse     | unheard   |             |              |            | 2024-03-09  | agency      | REF-<1>
    """,  # noqa: E501 - a table reads better in one line per row
    "lab_result": """
        patient_id | test_code | collected_at     | value | unit
        ZQ<1>&     | 718-7     | 2024-02-29 08:00 | 13.0  | g/dL
        ZQ<1>&     | 718-7     | 2024-03-06 08:00 | 8.0   | g/dL
        ZQ<1>&     | 4542-7    | 2024-03-06 08:00 | 5     | mg/dL
        ZQ<1>&     | 1975-2    | 2024-03-06 08:00 | 4.2   | mg/dL
        ZQ4        | 718-7     | 2024-03-02 08:00 | 13.5  | g/dL
        ZQ4        | 718-7     | 2024-03-08 08:00 | 8.1   | g/dL
        ZQ4        | 4542-7    | 2024-03-08 08:00 | 5     | mg/dL
        ZQ4        | 1975-2    | 2024-03-08 08:00 | 4.2   | mg/dL
    """,
    "medication": """
        patient_id | code_system | code                | started_at       | ended_at
        ZQ4        | NAME        | Furosemide          | 2024-03-01 08:00 |
        ZQ4        | ATC         | B01AC06             | 2023-01-01 08:00 | 2023-02-01 08:00
    """,
}

_MADE: dict[str, Path] = {}


def hospital_run(factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of the one run; `site.key` beside it is its key."""
    if "out" not in _MADE:
        home = factory.mktemp("exported")
        source = write_records(home / "in", RECORDS)
        (source / "audit.toml").write_text(
            f'[privacy]\nkey_file = "{home / "site.key"}"\n', encoding="utf-8"
        )
        audit(load_settings(source, overrides={"max_quarantine": 1}), home / "out", Journal())
        _MADE["out"] = home / "out"
    return _MADE["out"]
