"""Claims become doses by the unit of each code, and are judged as the same doses from a pharmacy.

The example is the one printed in docs/sources/claims.md.
"""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from audited import audited
from ingested import ingested, ledger, rows

from pipeline.errors import ConfigError

PAGE = Path(__file__).parents[2] / "docs" / "sources" / "claims.md"
CODES = Path(__file__).parents[2].parent / "shared" / "data" / "hcpcs" / "hcpcs_ig_codes.csv"

PATIENT = "patient_id | birth_date\np1 | 1980-01-01"
WEIGHT = "patient_id | measured_at | weight_kg\np1 | 2024-03-04 | 80"


def _example(folder: Path) -> Path:
    """Write the files the page prints."""
    found = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [name for name, _ in found] == ["patient.csv", "claim_line.csv"]
    for name, text in found:
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _printed() -> list[tuple[str, str, int, Decimal | None]]:
    table = PAGE.read_text("utf-8").split("| code | fate | lines | grams |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    return [(c, fate, int(n), Decimal(grams) if grams else None) for c, fate, n, grams in cells]


def test_the_example_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format="claims")
    found = rows(con, "SELECT code, fate, n_rows, grams FROM audit.row_account ORDER BY 1, 2")
    assert found == _printed()
    assert ledger(con, "claim_line.csv")[0] == sum(row[2] for row in found) == 10


def test_a_replaced_denied_or_wasted_line_is_no_infusion(tmp_path: Path) -> None:
    con = ingested(_example(tmp_path), format="claims")
    found = rows(con, "SELECT infusion_id, dose_g FROM mapped.infusion ORDER BY 1")
    assert found == [
        ("A1-1", "80.000"), ("A2-1", "77.500"), ("A4-1", "75.000"),
        ("B1-1", "40.000"), ("B2-1", "40.000"), ("B3-1", None),
    ]  # fmt: skip


@pytest.mark.real
def test_every_published_code_has_its_grams_and_route(tmp_path: Path) -> None:
    if not CODES.is_file():
        pytest.skip("NOT TESTED: ../shared/data/hcpcs is not here")
    with CODES.open(encoding="utf-8") as lines:
        codes = list(csv.DictReader(lines))
    assert len(codes) == 21
    claims = "claim_id | line_number | patient_id | service_date | hcpcs_code | units\n"
    claims += "\n".join(
        f"{code['hcpcs']} | 1 | p1 | 2024-03-{day:02} | {code['hcpcs']} | 10"
        for day, code in enumerate(codes, start=1)
    )
    con = _audited_claims(tmp_path, claims)
    found = con.sql(
        """
        SELECT s.product_code, i.dose_g, i.route, i.exclusion
        FROM staged.infusion AS s
        INNER JOIN derived.infusion AS i USING (infusion_key)
        """
    ).fetchall()
    known = {code: (grams, route, exclusion) for code, grams, route, exclusion in found}
    for code in codes:
        grams, route, exclusion = known.get(code["hcpcs"], (None, None, "not_listed"))
        unit = code["unit_mg"] if code["hcpcs"] in known else ""
        assert grams == (Decimal(unit) / 100 if unit else None), code
        assert _route_fits(code["route_per_descriptor"], route, exclusion), code
        could_be_ivig = exclusion in (None, "route_unknown")
        assert could_be_ivig == (code["is_ivig"] == "yes"), code
    con.close()


def _route_fits(printed: str, route: str | None, exclusion: str) -> bool:
    if exclusion in ("not_listed", "hyperimmune"):
        return True
    if printed.startswith("IV or SC"):
        return route is None
    return printed.startswith(route or "-")


def test_claims_are_judged_as_the_same_doses_from_a_pharmacy(tmp_path: Path) -> None:
    claims = """
        claim_id | line_number | patient_id | service_date | hcpcs_code | units | diagnosis_code_1
        a        | 1           | p1         | 2024-03-04   | J1459      | 320   | G61.81
        b        | 1           | p1         | 2024-03-25   | J1459      | 160   | G61.81
        c        | 1           | p1         | 2024-04-15   | J1459      | 400   | G61.81
    """
    infusion = """
        infusion_id | patient_id | started_at | product_code | dose_g
        a-1         | p1         | 2024-03-04 | J1459        | 160
        b-1         | p1         | 2024-03-25 | J1459        | 80
        c-1         | p1         | 2024-04-15 | J1459        | 200
    """
    diagnosis = """
        patient_id | code_system | code   | recorded_on
        p1         | ICD10CM     | G61.81 | 2024-03-04
        p1         | ICD10CM     | G61.81 | 2024-03-25
        p1         | ICD10CM     | G61.81 | 2024-04-15
    """
    records = {
        "patient": PATIENT, "body_measurement": WEIGHT, "infusion": infusion,
        "diagnosis": diagnosis,
    }  # fmt: skip
    billed = _audited_claims(tmp_path / "claims", claims, WEIGHT)
    issued = audited(tmp_path / "csv", records)
    assert _verdicts(billed) == _verdicts(issued)
    assert ("regimen", "breached", None) in [row[:1] + row[2:4] for row in _verdicts(billed)]
    timed = billed.sql("SELECT COUNT(*), COUNT(started_at) FROM derived.session").fetchall()
    assert timed == [(3, 0)]


def test_millilitres_of_the_ndc_contradict_units_that_were_counted_by_another_size(
    tmp_path: Path,
) -> None:
    """80 units of J1553 are 8 g; 400 ml of a 10 % product are 40 g: somebody took 500 mg."""
    claims = """
        claim_id | line_number | patient_id | service_date | hcpcs_code | units | ndc_quantity | ndc_unit
        a        | 1           | p1         | 2024-03-04   | J1553      | 80    | 400          | ML
        b        | 1           | p1         | 2024-03-25   | J1553      | 400   | 400          | ML
        c        | 1           | p1         | 2024-04-15   | J1459      | 80    | 40           | UN
    """  # noqa: E501 - a table reads better in one line per row
    con = _audited_claims(tmp_path, claims, WEIGHT)
    found = con.sql(
        "SELECT dose_g, is_dose_uncertain FROM derived.infusion ORDER BY started_on"
    ).fetchall()
    assert found == [(8, True), (40, False), (40, False)]


def test_without_weights_the_dose_is_not_assessable_for_want_of_a_weight(tmp_path: Path) -> None:
    claims = """
        claim_id | line_number | patient_id | service_date | hcpcs_code | units | diagnosis_code_1
        a        | 1           | p1         | 2024-03-04   | J1459      | 160   | G61.81
        b        | 1           | p1         | 2024-03-25   | J1576      | 160   | G61.81
    """
    con = _audited_claims(tmp_path, claims)
    told = [row[2:4] for row in _verdicts(con) if row[0] == "regimen"]
    assert {status for status, _ in told} == {"not_assessable"}
    assert ("not_assessable", "no_weight") in told
    assert con.sql("SELECT dose_g FROM derived.session ORDER BY started_on").fetchall() == [
        (80,), (None,)
    ]  # fmt: skip
    hours = {row[2] for row in _verdicts(con) if row[0] in ("infusion_rate", "infusion_duration")}
    assert hours <= {"not_assessable", "not_applicable"}


def _verdicts(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.sql(
        """
        SELECT v.kind, r.rule_id, v.status, v.reason, v.observed, v.subject_key
        FROM audit.verdict AS v
        INNER JOIN guideline.rule AS r USING (rule_key)
        ORDER BY ALL
        """
    ).fetchall()


def _audited_claims(
    folder: Path, claims: str, weights: str | None = None
) -> duckdb.DuckDBPyConnection:
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "audit.toml").write_text('format = "claims"\n', encoding="utf-8")
    records = {"patient": PATIENT, "claim_line": claims}
    if weights:
        records["body_measurement"] = weights
    return audited(folder, records, max_quarantine="1")


def test_other_names_and_words_are_told_in_audit_toml(tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text("MEMBER\np1\n", encoding="utf-8")
    (tmp_path / "claim_line.csv").write_text(
        "claim_id,line_number,MEMBER,service_date,hcpcs_code,QTY,line_status\n"
        "a,1,p1,2024-03-04,J1459,80,P\nb,1,p1,2024-03-25,J1459,80,D\n",
        encoding="utf-8",
    )
    told = """
format = "claims"
[table.patient.rename]
patient_id = "MEMBER"
[table.claim_line.rename]
patient_id = "MEMBER"
units = "QTY"
[table.claim_line.values.line_status]
"P" = "paid"
"""
    (tmp_path / "audit.toml").write_text(told, encoding="utf-8")
    found = rows(ingested(tmp_path), "SELECT fate, grams FROM audit.row_account ORDER BY 1")
    assert found == [("read", 40), ("status_unknown", None)]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ('[table.pills.rename]\na = "b"\n', "no mapping reads table.pills"),
        ('[table.claim_line.rename]\nunit = "QTY"\n', "no mapping reads unit of table.claim_line"),
    ],
)
def test_a_table_or_column_that_no_mapping_reads_is_refused(
    tmp_path: Path, told: str, said: str
) -> None:
    (_example(tmp_path) / "audit.toml").write_text('format = "claims"\n' + told, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)):
        ingested(tmp_path)
