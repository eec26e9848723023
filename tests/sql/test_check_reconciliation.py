"""What is left of a stopped bag is missed only where the source tells what was discarded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from examined import Ward, of, rule

DAY = date(2024, 3, 4)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Return a ward judged by our own set."""
    made = Ward(
        tmp_path_factory.mktemp("grams"), rule("WARD-CIDP-LIMIT-01", "limit", "max_courses = 9")
    )
    yield made
    made.con.close()


@pytest.mark.parametrize(
    ("status", "wasted_g", "of_another_g", "expected"),
    [
        ("stopped", None, None, ("not_assessable", "stopped")),
        ("stopped", None, 0, ("breached", None)),
        ("stopped", 10, None, ("met", None)),
        ("stopped", 4, None, ("breached", None)),
        ("completed", None, None, ("breached", None)),
    ],
)
def test_the_rest_of_a_stopped_bag(
    ward: Ward, status: str, wasted_g: int | None, of_another_g: int | None, expected: Any
) -> None:
    def issue(name: str, wasted_g: int | None) -> dict[str, Any]:
        return {
            "dispensing_id": name, "patient_id": name, "dispensed_at": DAY, "dose_g": 30,
            "wasted_g": wasted_g,
        }  # fmt: skip

    bag = {"infusion_id": "p", "patient_id": "p", "started_at": DAY, "dose_g": 20, "status": status,
           "dispensing_id": "p"}  # fmt: skip
    other = {"infusion_id": "q", "patient_id": "q", "started_at": DAY, "dose_g": 30,
             "dispensing_id": "q"}  # fmt: skip
    issues = [issue("p", wasted_g), issue("q", of_another_g)]
    verdicts = ward.examine({"infusion": [bag, other], "dispensing": issues})
    found = of(verdicts, "POL-ANY-RECONCILIATION-01")
    assert [(row["status"], row["reason"]) for name, row in found.items() if name == "p"] == [
        expected
    ]
