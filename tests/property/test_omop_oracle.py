"""The grams of a drug exposure are what a dull loop over the rows says."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from ingested import ingested

sys.path.insert(0, str(Path(__file__).parent))  # the oracle stands beside its test

from oracle_omop import DRUGS, HAPPENED, UNITS, Row, fate

STRENGTH = (
    "drug_concept_id", "ingredient_concept_id", "amount_value", "amount_unit_concept_id",
    "numerator_value", "numerator_unit_concept_id", "denominator_value",
    "denominator_unit_concept_id", "box_size",
)  # fmt: skip
EXPOSURE = st.fixed_dictionaries(
    {
        "drug_concept_id": st.sampled_from(sorted(DRUGS)),
        "drug_type_concept_id": st.sampled_from([*HAPPENED, "32818", "32818", "32825"]),
        "quantity": st.sampled_from(["400", "8", "40.0", "0.4", "", "0", "1-2", "-5", "33.3335"]),
        "dose_unit_source_value": st.sampled_from(sorted(UNITS)),
        "drug_source_value": st.sampled_from(["Privigen", "Privigen", "J1459"]),
        "drug_exposure_start_date": st.just("2025-03-02"),
        "drug_exposure_end_date": st.sampled_from(["2025-03-02", "2025-03-03", "2025-03-04", ""]),
        "person_id": st.just("1"),
    }
)


def _write(path: Path, names: tuple[str, ...], table: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(table)


@settings(max_examples=examples(8))
@given(st.lists(EXPOSURE, min_size=60, max_size=60))
def test_exposures_weigh_what_the_oracle_says(drawn: list[Row]) -> None:
    table = [row | {"drug_exposure_id": str(n)} for n, row in enumerate(drawn)]
    strengths = [
        strength | {"drug_concept_id": drug, "ingredient_concept_id": "1"}
        for drug, rows in DRUGS.items()
        for strength in rows
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "person.csv").write_text(
            "person_id,gender_concept_id,year_of_birth\n1,8532,1975\n", "utf-8"
        )
        _write(folder / "drug_exposure.csv", tuple(table[0]), table)
        _write(folder / "drug_strength.csv", STRENGTH, strengths)
        con = ingested(folder, format="omop-5.4")
    expected = {row["drug_exposure_id"]: fate(row) for row in table}
    counted = Counter(told for told, _ in expected.values())
    found = con.sql("SELECT fate, SUM(n_rows)::INTEGER FROM audit.row_account GROUP BY 1")
    told = {fate: n for fate, n in found.fetchall() if fate not in ("patient", "looked_up")}
    assert told == dict(counted)
    weighed: dict[str, Decimal | None] = {}
    for record, key in (("infusion", "infusion_id"), ("dispensing", "dispensing_id")):
        supplied = con.sql(f"SELECT 1 FROM audit.record_supplied WHERE record = '{record}'")
        if supplied.fetchall():
            weighed |= dict(
                con.sql(f"SELECT {key}, dose_g::DECIMAL(18, 3) FROM mapped.{record}").fetchall()
            )
    read = {key: grams for key, (told, grams) in expected.items() if told not in NOT_A_DOSE}
    assert weighed == read


NOT_A_DOSE = {"ordered", "listed"}
