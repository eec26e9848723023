"""What becomes of each line of a claim is what a dull loop over the lines says."""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from ingested import ingested

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_claims import Line, fates

NAMES = (
    "claim_id", "line_number", "patient_id", "service_date", "service_end_date", "hcpcs_code",
    "units", "modifier_1", "line_status", "frequency_code", "original_claim_id", "adjudicated_on",
)  # fmt: skip


def _maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, None, *values])


LINE = st.fixed_dictionaries(
    {
        "claim_id": st.sampled_from(["c1", "c2", "c3"]),
        "line_number": st.sampled_from(["1", "2"]),
        "patient_id": st.just("p1"),
        "service_date": st.sampled_from(["2025-03-01"] * 4 + ["2025-03-02"]),
        "service_end_date": st.sampled_from([None] * 6 + ["2025-03-01", "2025-03-02"]),
        "hcpcs_code": st.sampled_from(
            ["J1459"] * 4 + ["J1553", "J1559", "J1576", "J0850", "99213"]
        ),
        "units": st.sampled_from(["80", "80", "-80", "70", "-10", "0", "1.5", "80.0", "many"]),
        "modifier_1": _maybe("JW", "JZ"),
        "line_status": _maybe("paid", "paid", "denied", "reversed", "adjusted"),
        "frequency_code": st.sampled_from([None, None, None, "1", "7", "8", "5"]),
        "original_claim_id": _maybe("c1", "c2"),
        "adjudicated_on": _maybe("2025-04-01", "2025-04-02"),
    }
)


def _written(lines: list[Line]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES)
    writer.writeheader()
    writer.writerows([{name: value or "" for name, value in line.items()} for line in lines])
    return text.getvalue()


@settings(max_examples=examples(20))
@given(st.lists(st.lists(LINE, min_size=1, max_size=6), min_size=25, max_size=25))
def test_claims_read_as_the_oracle_reads_them(groups: list[list[Line]]) -> None:
    """Each group of lines is of another patient with claims of its own."""
    told: list[Line] = []
    expected = []
    for number, group in enumerate(groups):
        mine = [
            line
            | {"patient_id": f"p{number}", "claim_id": f"{number}-{line['claim_id']}"}
            | (
                {"original_claim_id": f"{number}-{line['original_claim_id']}"}
                if line["original_claim_id"]
                else {}
            )
            for line in group
        ]
        told += mine
        expected += fates(mine)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patients = "patient_id\n" + "".join(f"p{number}\n" for number in range(len(groups)))
        (folder / "patient.csv").write_text(patients, "utf-8")
        (folder / "claim_line.csv").write_text(_written(told), "utf-8")
        con = ingested(folder, format="claims")
    counted: dict[tuple[str | None, str], tuple[int, Decimal | None]] = {}
    for line, (fate, grams) in zip(told, expected, strict=True):
        n, total = counted.get((line["hcpcs_code"], fate), (0, None))
        more = total if grams is None else grams + (total or 0)
        counted[line["hcpcs_code"], fate] = (n + 1, more)
    found = con.sql("SELECT code, fate, n_rows, grams FROM audit.row_account").fetchall()
    assert {(code, fate): (n, grams) for code, fate, n, grams in found} == counted
    given_grams = con.sql("SELECT infusion_id, dose_g FROM mapped.infusion").fetchall()
    assert len(given_grams) == sum(1 for fate, _ in expected if fate in GIVEN)


GIVEN = {
    "read", "read_none_wasted", "unit_unknown", "unit_recalled", "units_unread",
    "in_several_claims", "several_days", "reversal_unclear", "versions_unordered",
}  # fmt: skip
