"""Rows of the reference on live vaccines, risks and stabilisers are used, or it is said why not.

The reference lies beside the checkout (`../shared/reference`); where it does not, this is skipped
aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.precaution import PrecautionRule
from pipeline.guidelines.kinds.vaccine_interval import VaccineRule

FOLDER = Path(__file__).parents[2].parent / "shared" / "reference"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="NOT TESTED: ../shared/reference is not here"),
]

LIBRARY = read_library()
RULES = {rule.id: rule for item in LIBRARY.sets.values() for rule in item.rules}
SIGNS = LIBRARY.codelists.of("codelists/risk_factor.csv")
RISKS = {str(row["risk_factor"]) for row in SIGNS}

# Rows of the vaccine tables that no rule uses, with the reason.
NOT_IV = "no immunoglobulin for intravenous use"
SPECIFIC = "immunoglobulin against one antigen: set aside from every rule"
UNUSED_US = {
    "Washed red cells": NOT_IV,
    "Red cells, adenine-saline added": NOT_IV,
    "Packed red cells": NOT_IV,
    "Whole blood": NOT_IV,
    "Plasma/platelets": NOT_IV,
    "Botulinum IG": SPECIFIC,
    "CMV IGIV": SPECIFIC,
    "Hepatitis A IG": NOT_IV,
    "HBIG": SPECIFIC,
    "Measles IG IM": NOT_IV,
    "Palivizumab": NOT_IV,
    "RIG": SPECIFIC,
    "TIG": SPECIFIC,
    "VariZIG": SPECIFIC,
}
UNUSED_AU = {
    "Washed red cells": NOT_IV,
    "Red cells, adenine-saline added": NOT_IV,
    "Packed red cells": NOT_IV,
    "Whole blood": NOT_IV,
    "Plasma/platelets": NOT_IV,
    "CMV immunoglobulin": SPECIFIC,
    "HBIG": SPECIFIC,
    "Hepatitis A NHIG IM": NOT_IV,
    "Measles NHIG IM": NOT_IV,
    "Measles NHIG IM, immunocompromised": NOT_IV,
    "Rabies IG": SPECIFIC,
    "Anti-D IM": SPECIFIC,
}
USED_US = {
    "IGIV replacement (PID)": "pid",
    "IGIV measles post-exposure": "measles_pep",
    "IGIV varicella post-exposure": "varicella_pep",
    "IGIV ITP": "itp_child",
    "IGIV Kawasaki": "kawasaki",
}
USED_AU = {"IVIG replacement": "pid", "IVIG ITP": "itp_child", "IVIG ITP or Kawasaki": "kawasaki"}
NOTES = {
    "Old copies print HepA": "not for intravenous use",
    "Vaccine FIRST then IG": "days_before_immunoglobulin of USSOC-ANY-VACCINE-01",
    "Exempt from the interval": "is_exempt in codelists/vaccine.csv",
    "live JE": "contains neither measles nor varicella; no CVX code of a live one was read",
    "UK BNF": "no British set of the library states vaccines; conflicts with the table by dose",
    "Australia 2013": "AU-ANY-VACCINE-01, advisory",
    "UK Green Book 1996": "as the BNF line",
    "Canada 2006": "no rows by dose; the Canadian sets of the library state no vaccines",
}
OTHER_DEFERRALS = {
    "Japan 6-7 months": "one study after Kawasaki disease; no Japanese set in the library",
    "EU SmPC": "recalled",
    "UK Green Book": "recalled",
}
# Risk factors of the reference that are no risk of a patient, or of another check.
UNUSED_RISK = {
    "sucrose": "a property of the product: `contains` in products/product.csv",
    "maltose": "a property of the product; the patient's side is `insulin` and `diabetes`",
    "iga_def": "three facts: iga_deficiency, anti_iga, hypersensitivity",
    "migraine": "raises an adverse event, no precaution: waits for the detection of events",
    "abo_non_o": "raises haemolysis: waits for the detection of events",
    "inflammation": "raises haemolysis: waits for the detection of events",
    "naive_gap_switch": "the first infusion, a gap, another brand: the check of rates",
    "rate": "the check of rates",
}
OURS = {"iga_deficiency", "anti_iga", "hypersensitivity", "insulin", "infant"}
NO_SUCH_CATEGORY = {"E12", "C87", "C89"}  # in the ranges of the reference, not in ICD-10-CM


def reference(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def vaccine_rule(rule_id: str) -> VaccineRule:
    rule = RULES[rule_id]
    assert isinstance(rule, VaccineRule)
    return rule


def months(rule: VaccineRule, indication: str, g_per_kg: Decimal) -> int:
    rows = rule.ladder(indication)
    fitting = (row for row in rows if g_per_kg <= (row.up_to_g_per_kg or g_per_kg))
    return next(fitting, rows[-1]).months


def doses(text: str) -> list[Decimal]:
    """Return the grams per kilogram that a row of a table prints."""
    printed = re.fullmatch(r"([\d-]+) mg/kg", text)
    assert printed is not None, text
    return [Decimal(part) / 1000 for part in printed[1].split("-")]


@pytest.mark.parametrize(
    ("table", "column", "rule_id", "used", "unused"),
    [
        ("vaccine_intervals", "defer_months_measles_varicella", "USSOC-ANY-VACCINE-01", USED_US,
         UNUSED_US),
        ("vaccine_intervals_au", "defer_months_mmr_varicella", "AU-ANY-VACCINE-01", USED_AU,
         UNUSED_AU),
    ],
)  # fmt: skip
def test_every_row_of_a_vaccine_table_is_used_or_it_is_said_why_not(
    table: str, column: str, rule_id: str, used: dict[str, str], unused: dict[str, str]
) -> None:
    rule = vaccine_rule(rule_id)
    rows = reference("safety.yaml")[table]
    assert {row["product"] for row in rows} == used.keys() | unused.keys()
    for row in rows:
        if row["product"] in used:
            for dose in doses(row["dose"]):
                found = months(rule, used[row["product"]], dose)
                assert found == row[column], row
    printed = {row[column] for row in rows if row["product"] in used}
    assert {entry.months for entry in rule.deferral} == printed


def test_the_deferrals_of_the_dosing_reference_agree_with_the_us_table() -> None:
    told = reference("dosing.yaml")["live_vaccine_deferral_months"]
    rule = vaccine_rule("USSOC-ANY-VACCINE-01")
    for row in told["rows"]:
        printed = re.findall(r"(\d(?:\.\d)?)(?:-(\d\.\d))? g/kg", row["dose"])
        for dose in (Decimal(part) for part in printed[0] if part):
            assert months(rule, "itp_child", dose) == row["months"]
    for line in told["others"]:
        assert any(line.startswith(start) for start in OTHER_DEFERRALS), line


def test_the_default_set_waits_eleven_months_after_a_high_dose_and_else_not() -> None:
    rule = vaccine_rule("DRO-ANY-VACCINE-01")
    assert (rule.from_g_per_kg, [row.months for row in rule.deferral]) == (Decimal(2), [11])
    assert set(rule.components) == {"measles", "mumps", "varicella"}


def test_every_note_on_vaccines_has_its_place() -> None:
    for note in reference("safety.yaml")["vaccine_notes"]:
        assert any(note.startswith(start) for start in NOTES), note
    exempt = {
        part
        for row in LIBRARY.codelists.of("codelists/vaccine.csv")
        if row["is_exempt"] == "true"
        for part in str(row["contains"]).split()
    }
    assert exempt >= {"yellow_fever", "typhoid", "influenza", "rotavirus", "zoster", "polio"}


def test_every_risk_factor_is_used_or_it_is_said_why_not() -> None:
    told = {row["id"] for row in reference("safety.yaml")["risk_factors"]}
    assert told - UNUSED_RISK.keys() == RISKS - OURS
    assert told >= UNUSED_RISK.keys()


def codes(text: str) -> Iterator[str]:
    """Yield the ICD-10-CM categories that a proposal names, without dots."""
    for first, last in re.findall(r"\b([A-Z]\d\d)-[A-Z]?(\d\d)\b", text):
        yield from (f"{first[0]}{n:02}" for n in range(int(first[1:]), int(last) + 1))
    for code in re.findall(r"(?<![-\w])([A-Z]\d\d(?:\.\d*)?)x?\b(?!-)", text):
        yield code.replace(".", "")


@pytest.mark.parametrize("risk", sorted(RISKS - OURS))
def test_a_risk_is_recognised_by_the_codes_the_reference_names(risk: str) -> None:
    (told,) = [row for row in reference("safety.yaml")["risk_factors"] if row["id"] == risk]
    listed = [
        str(row["code_pattern"]).removesuffix("%")
        for row in SIGNS
        if row["risk_factor"] == risk and row["code_system"] == "ICD10CM"
    ]
    for code in set(codes(told["rule"])) - NO_SUCH_CATEGORY:
        assert any(code.startswith(known) or known.startswith(code) for known in listed), code


def test_what_nobody_looked_up_is_recalled_and_says_no_source() -> None:
    for row in SIGNS:
        if row["status"] != "recalled":
            assert row["source"], row
    for row in SIGNS:
        if row["code_system"] == "ICD9CM":
            assert row["status"] == "recalled", row


def test_each_risk_is_decided_by_one_kind_of_record() -> None:
    for risk in RISKS:
        kinds = {
            row["sign"]
            for row in SIGNS
            if row["risk_factor"] == risk and row["is_decisive"] == "true"
        } - {"patient"}
        assert len(kinds) <= 1, risk


def test_what_a_product_contains_is_what_the_reference_read() -> None:
    told = reference("safety.yaml")
    ours = {row["product_id"]: row for row in LIBRARY.codelists.of("products/product.csv")}
    for row in [*told["products_iv"], *told["products_sc_im"]]:
        product = ours.get(row["id"])
        is_read = row.get("stabiliser") and "stabiliser" not in row.get("unverified_fields", [])
        if product is None or product["product_id"] == "cutaquig":
            continue  # named only; Cutaquig's maltose was read in a secondary monograph
        named = {
            word
            for word in ("sucrose", "maltose", "sorbitol", "proline", "glucose", "glycine")
            if is_read and word in row["stabiliser"]
        }
        assert set((product["contains"] or "").split()) == named, row["id"]


def test_every_precaution_of_the_reference_has_its_rule() -> None:
    asked = {
        (rule.product_contains, tuple(sorted((*rule.all_of, *rule.any_of))))
        for rule in RULES.values()
        if isinstance(rule, PrecautionRule)
    }
    kidneys = ("age", "diabetes", "nephrotoxic", "paraprotein", "renal", "sepsis", "volume")
    assert asked == {
        (None, ("anti_iga", "iga_deficiency")),
        (None, ("anti_iga", "hypersensitivity", "iga_deficiency")),
        ("sucrose", kidneys),
        ("proline", ("proline",)),
        ("maltose", ("diabetes", "insulin")),
        ("sorbitol", ("infant", "sorbitol")),
    }
    raising = {
        row["id"]
        for row in reference("safety.yaml")["risk_factors"]
        if "aki" in row["raises"] and row["id"] not in ("sucrose", "rate", "obesity")
    }
    assert set(kidneys) == raising
