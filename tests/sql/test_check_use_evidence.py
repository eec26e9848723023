"""What is cited beside a finding on use is enough to work out again what was judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from examined import Row, Ward, rule
from tools.check_explain import check_run

DAY = date(2023, 1, 10)
RULES = (
    rule("WARD-CIDP-LIMIT-01", "limit", "max_courses = 2"),
    rule("WARD-CIDP-LIMIT-02", "limit", "max_duration_months = 6"),
    rule("WARD-CIDP-LIMIT-03", "limit", "max_trial_cycles = 3"),
    rule("WARD-CIDP-LIMIT-04", "limit", "trial_months = { min = 24, max = 36 }"),
    rule("WARD-CIDP-AUTHORISATION-01", "authorisation", 'approval = "required"'),
    rule("WARD-CIDP-REVIEW-01", "review", "every_months = 6"),
    rule("WARD-CIDP-REVIEW-02", "review", "withdrawal_trial_every_months = 6"),
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward whose rules all can be broken."""
    made = Ward(tmp_path_factory.mktemp("evidence"), *RULES)
    yield made
    made.con.close()


def bags(patient: str, *days: int, **more: Any) -> list[Row]:
    """Return an infusion of 40 g per day."""
    return [
        {"infusion_id": f"{patient}@{day}", "patient_id": patient, "dose_g": 40,
         "started_at": DAY + timedelta(day), "lot_number": "L1", **more}
        for day in days
    ]  # fmt: skip


def approval(patient: str, decided: int, to: int, **more: Any) -> Row:
    """Return an approval that holds from its decision."""
    return {
        "authorisation_id": f"{patient}-a", "patient_id": patient, "decision": "approved",
        "decided_on": DAY + timedelta(decided), "valid_to": DAY + timedelta(to), **more,
    }  # fmt: skip


def test_every_number_can_be_worked_out_from_the_rows_cited(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    records: dict[str, list[Row]] = {
        "infusion": [
            *bags("often", 0, 28, 56, 84, 200, 300, 396),
            *bags("late", 0, 1),
            *bags("expired", 0, 1),
            *bags("more", 0, 28, authorisation_id="more-a"),
            *bags("named", 0, 28, authorisation_id="named-a"),
            *bags("lots", 0, 9, dispensing_id="lots"),
            *bags("trial", 0, 100, 200, 300, 400),
        ],
        "authorisation": [
            approval("late", 1, 300),
            approval("expired", -90, 0),
            approval("more", -9, 300, dose_g=30, interval_days=42, n_courses=1),
            approval("named", -90, 14),
        ],
        "outcome_review": [
            {"patient_id": "often", "reviewed_on": DAY + timedelta(100), "decision": "reduce"},
            {"patient_id": "trial", "reviewed_on": DAY, "response": "worse"},
        ],
        "dispensing": [
            {"dispensing_id": "lots", "patient_id": "lots", "dispensed_at": DAY, "dose_g": 80,
             "lot_number": "L1", "expires_on": DAY + timedelta(5), "n_vials": 5,
             "vial_size_g": 20}
        ],
        "infusion_lot": [
            {"infusion_id": "lots@0", "lot_number": "L1", "n_vials": 5, "vial_size_g": 10}
        ],
    }  # fmt: skip
    ward.examine(records)
    ward.con.execute("CREATE TABLE audit.input_file (file_id SMALLINT, file_name VARCHAR)")
    found = ward.rows(
        "SELECT DISTINCT rule_id, clause FROM audit.finding WHERE kind IN"
        " ('limit', 'authorisation', 'review', 'traceability') AND observed IS NOT NULL"
    )
    assert {row["rule_id"] for row in found} == {
        *(f"POL-ANY-AUTHORISATION-0{n}" for n in (1, 2, 3, 4)),
        *(f"POL-ANY-TRACEABILITY-0{n}" for n in (4, 5, 6)),
        "WARD-CIDP-AUTHORISATION-01",
        *(f"WARD-CIDP-LIMIT-0{n}" for n in (1, 2, 3, 4)),
        *(f"WARD-CIDP-REVIEW-0{n}" for n in (1, 2)),
    }
    assert check_run(ward.con, n=500, seed=1) == 0, capsys.readouterr().out
