"""Code lists are checked like rules: every fault of every file, with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline import resources
from pipeline.guidelines.codelists import EVERY_LIST, read_codelists

RISKS = "codelists/risk_factor.csv"
BAD_SIGNS = (
    ("x,X,omen,,A%,,,,false,false,true,seen,,", "sign: must be one of"),
    ("x,X,diagnosis,ATC,A%,,,,false,false,true,seen,,", "code_system: must be one of ICD10"),
    ("x,X,event,ATC,A%,,,,false,false,true,seen,,", "code_system: belongs to"),
    ("x,X,medicine,ATC,,,,,false,false,true,seen,,", "code_pattern: age and body_mass"),
    ("x,X,age,,,,,,false,false,true,seen,,", "at_least, below: belong to"),
    ("x,X,patient,,has_anti_iga,1,,,false,false,true,seen,,", "at_least, below: belong to"),
    ("renal,R,diagnosis,ICD10CM,N18%,,,,false,false,true,seen,,", "stands in line"),
)

RATES = "products/rate_limit.csv"
# product, region, what, indication, tier, risks, age, value, unit, comparator, minutes, condition
BAD_RATES = (
    ("novel,US,maximum,any,general,,,8,mg/kg/h,<=,,,seen,,", "unit: must be one of"),
    ("kiovig,FR,maximum,any,general,,,8,mg/kg/min,<=,,,seen,,", "region: must be one of"),
    ("kiovig,US,top,any,general,,,8,mg/kg/min,<=,,,seen,,", "what: must be one of"),
    ("kiovig,US,maximum,any,general,,,8,mg/kg/min,>,,,seen,,", "comparator: must be one of"),
    ("kiovig,US,maximum,any,general,,,8,,<=,,,seen,,", "value and unit belong together"),
    ("kiovig,US,maximum,any,general,,,8,mg/kg/min,,,,seen,,", "value and comparator belong"),
    ("kiovig,US,maximum,any,general,,,,,,,,seen,,", "value: is missing"),
    ("kiovig,US,step,any,general,,,,,,,,seen,,", "value, minutes: a step needs one"),
    ("kiovig,US,maximum,any,general,,,8,mg/kg/min,<=,30,,seen,,", "minutes: a maximum has none"),
    ("kiovig,US,initial,pid,general,,,8,mg/kg/min,<=,30,,seen,,", "minutes: hold for any"),
    ("kiovig,US,step,pid,general,,,8,mg/kg/min,<=,,,seen,,", "indication_code: a step holds"),
    ("kiovig,US,maximum,any,at_risk,,,8,mg/kg/min,<=,,,seen,,", "risks: belong to"),
    ("kiovig,US,maximum,any,general,renal,,8,mg/kg/min,<=,,,seen,,", "risks: belong to"),
    ("kiovig,US,maximum,any,tolerated,,,8,mg/kg/min,<=,,,seen,,", "condition: belongs to"),
    ("kiovig,US,maximum,any,general,,18,8,mg/kg/min,<=,,,seen,,", "min_age_years: belongs to"),
    ("kiovig,US,maximum,any,first,,,8,mg/kg/min,<=,,,seen,,", "tier: first is none of"),
    ("kiovig,US,initial,any,at_risk,renal,,8,mg/kg/min,<=,,,seen,,", "tier: at_risk is none of"),
    ("kiovig,US,maximum,any,general,,,8,mg/kg/min,<=,,,recalled,,", "status: a recalled rate"),
    ("kiovig,EU,maximum,any,general,,,7,ml/kg/h,<=,,,seen,,", "stands in line"),
)

EVENTS = "codelists/event.csv"
BAD_EVENTS = (
    ("x,X,session_start,0,course_end,24,seen,A,,false,", "from_anchor, to_anchor: both of"),
    ("x,X,dose,0,session_end,24,seen,A,,false,", "from_anchor: must be one of"),
    ("x,X,session_start,-1,session_end,24,seen,A,,false,", "from_hours: must be a whole number"),
    ("x,X,session_start,0,session_end,24,seen,,,false,", "window_source: is missing"),
    ("x,X,session_start,0,session_end,24,recalled,A,,false,", "window_source: is missing, or"),
    ("fever,X,session_start,0,session_end,24,seen,A,,false,", "stands in line"),
)
TERMS = "codelists/event_term.csv"
BAD_TERMS = (
    ("fever,NAME,Hot,seen,A", "term: must be lower case"),
    ("fever,NAME,hot-headed,seen,A", "term: must be lower case, without hyphens"),
    ("fever,ICD10CM,r50,seen,A", "term: must be upper case"),
    ("fever,ICD9CM,7806,seen,A", "code_system: must be one of NAME"),
    ("fever,NAME,headache,seen,A", "stands in line"),  # a word means one event
)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Give a copy of our own code lists that a test may spoil."""
    for name in ("codelists", "products"):
        shutil.copytree(resources.folder("guidelines") / name, tmp_path / name)
    return tmp_path


def faults_of(folder: Path) -> list[str]:
    faults: list[str] = []
    read_codelists(folder, faults)
    return faults


def add(folder: Path, path: str, line: str) -> str:
    """Add a line to a list; return the words its faults begin with."""
    file = folder / path
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}{line}\n", encoding="utf-8")
    return f"{path}: line {len(text.splitlines()) + 1}: "


def test_our_own_lists_have_no_fault(lists: Path) -> None:
    assert faults_of(lists) == []


@pytest.mark.parametrize("path", [item.path for item in EVERY_LIST])
def test_a_list_that_is_not_there_is_a_fault(lists: Path, path: str) -> None:
    (lists / path).unlink()
    assert faults_of(lists) == [f"{path}: the code list is not there"]


@pytest.mark.parametrize(
    ("path", "line", "fault"),
    [
        ("codelists/indication.csv", "mg,Again,,,,,", "mg stands in line"),
        ("codelists/indication.csv", "new,,,,,,", "name: is missing"),
        ("codelists/indication.csv", "new,New,young,,,,", "min_age_years: must be a number"),
        ("codelists/indication.csv", "new,New,-1,,,,", "min_age_years: must be a number of zero"),
        ("codelists/indication.csv", "new,New,,,4.5,,", "course_gap_days: must be a whole number"),
        ("codelists/indication.csv", "new,New", "more or fewer cells than names"),
        ("codelists/indication.csv", "new,New,,,,,,,", "more or fewer cells than names"),
        ("codelists/indication_alias.csv", "mixed Case,mg", "alias: must be upper case"),
        ("codelists/indication_alias.csv", "TWO  BLANKS,mg", "alias: must be upper case"),
        ("codelists/diagnosis_code.csv", "ICD11,X,mg,,false,seen,,", "code_system: must be one of"),
        ("codelists/diagnosis_code.csv", "ICD10,X,mg,,no,seen,,", "is_hint_only: must be one of"),
        ("codelists/diagnosis_code.csv", "ICD10,X,mg,,true,sure,,", "status: must be one of"),
        ("codelists/diagnosis_code.csv", "ICD10,G700%,mg,,false,seen,,", "stands in line"),
        ("products/alias.csv", "PRIVIGEN,name,kiovig,derived", "PRIVIGEN stands in line"),
        *((RISKS, line, fault) for line, fault in BAD_SIGNS),
        *((RATES, line, fault) for line, fault in BAD_RATES),
        (
            "products/product.csv",
            "new,New,,ivig,true,false,false,false,,,,salt,seen,,,seen,,",
            "contains: salt: must be of sucrose",
        ),
        (
            "products/product.csv",
            "new,New,,ivig,true,false,false,false,,,,sucrose,,,,seen,,",
            "contains and contains_status belong together",
        ),
    ],
)
def test_a_faulty_line_is_named(lists: Path, path: str, line: str, fault: str) -> None:
    where = add(lists, path, line)
    found = faults_of(lists)
    assert len(found) == 1
    assert found[0].startswith(where)
    assert fault in found[0]


def test_a_missing_and_an_unknown_column_are_named(lists: Path) -> None:
    file = lists / "products/alias.csv"
    text = file.read_text(encoding="utf-8").replace("alias_kind", "sort", 1)
    file.write_text(text, encoding="utf-8")
    assert faults_of(lists) == [
        "products/alias.csv: missing column alias_kind",
        "products/alias.csv: unknown column sort",
    ]


@pytest.mark.parametrize(
    ("path", "line", "fault"),
    [
        ("codelists/indication_alias.csv", "NEW,novel", "indication_code novel is not known"),
        ("products/alias.csv", "NEW,brand,novel,seen", "product_id novel is not known"),
        (
            RATES,
            "novel,US,maximum,any,general,,,8,mg/kg/min,<=,,,seen,,",
            "product_id novel is not known",
        ),
        (
            RATES,
            "kiovig,US,maximum,novel,general,,,8,mg/kg/min,<=,,,seen,,",
            "indication_code novel is not known",
        ),
        (
            RATES,
            "kiovig,US,maximum,any,at_risk,renal novel,,8,mg/kg/min,<=,,,seen,,",
            "risks novel is not known",
        ),
    ],
)
def test_a_code_that_points_at_nothing_is_a_fault(
    lists: Path, path: str, line: str, fault: str
) -> None:
    add(lists, path, line)
    assert faults_of(lists) == [f"{path}: {fault}"]


@pytest.mark.parametrize("code", ["3", "003", "MMR"])
def test_a_vaccine_is_named_by_its_cvx_code(lists: Path, code: str) -> None:
    where = add(lists, "codelists/vaccine.csv", f"{code},X,measles,true,false,seen,,")
    assert faults_of(lists) == [f"{where}vaccine_code: must be a CVX code, with two digits or more"]


ANALYTES, TESTS = "codelists/lab_analyte.csv", "codelists/lab_test.csv"
UNITS = "codelists/lab_unit.csv"
DEFINITIONS, CRITERIA = "codelists/event_definition.csv", "codelists/event_criterion.csv"


@pytest.mark.parametrize(
    ("path", "line", "fault"),
    [
        (ANALYTES, "hb,haemoglobin,g/dL,1,26,derived,x,", "hb stands in line"),
        (ANALYTES, "new,New,g/dL,1,,derived,x,", "canonical_unit, least, most: belong together"),
        (ANALYTES, "new,New,g/dL,2,2,derived,x,", "least: must lie below most"),
        (ANALYTES, "new,New,,,,derived,,", "source: is missing"),
        (ANALYTES, "new,New,g/dL,1,2,derived,x,", "is no unit of new with the factor 1"),
        (TESTS, "718-7,hb,blood,Hb,seen,x,", "718-7 stands in line"),
        (TESTS, "718,hb,blood,Hb,seen,x,", "test_code: must be a LOINC code"),
        (TESTS, "1-1,novel,blood,Hb,seen,x,", "analyte novel is not in"),
        (TESTS, "1-1,hb,blood,Hb,seen,,", "source: is missing"),
        (UNITS, "hb,mg/L,,0,1,0,false,derived,x,", "divide_by: must be above zero"),
        (UNITS, "hb,mg/L,,0,1,,false,derived,x,", "divide_by: are missing"),
        (UNITS, "hb,mg/L,,0,1,1,true,derived,x,", "an ambiguous unit has none"),
        (UNITS, "hb,mg/L,,0,1,1,false,recalled,x,", "status: a recalled factor is left out"),
        (UNITS, "hb,mg/L,,0,0.123456789,1,false,derived,x,", "at most 8 decimals"),
        (UNITS, "hb,mg/L,,0,NaN,1,false,derived,x,", "must be a number"),
        (UNITS, "hb,mg/L,,0,much,1,false,derived,x,", "must be a number"),
        (UNITS, "hb,mg/L,mg/l,0,1,1,false,derived,x,", "also: mg/l: must be upper case"),
        (UNITS, "hb,G/DL,,0,1,1,false,derived,x,", "hb G/DL stands in line"),
        (UNITS, "novel,g/L,,0,1,1,false,derived,x,", "analyte novel is not in"),
        (UNITS, "hb,mg/L,,0,1,1,false,derived,,", "source: is missing"),
        (DEFINITIONS, "new,x,X,1,seen,x,1,mg/dL,seen,x,seen,,", "source: is missing"),
        (DEFINITIONS, "new,x,X,a day,seen,x,1,mg/dL,seen,x,seen,x,", "must be a whole number"),
        (CRITERIA, "kdigo_2012,1,creatinine,rise,1,,48,false,seen,x", "unit: a ratio has none"),
        (
            CRITERIA,
            "kdigo_2012,1,creatinine,value,1,mg/dL,48,false,seen,x",
            "within_hours: a value",
        ),
        (CRITERIA, "kdigo_2012,1,creatinine,fall,1,mg/dL,48,false,seen,x", "measure: must be one"),
        (
            CRITERIA,
            "kdigo_2012,2,creatinine,rise,1,mg/dL,48,false,recalled,x",
            "status: a recalled",
        ),
        (CRITERIA, "novel,1,creatinine,ratio,1,,48,false,seen,x", "definition_id is not in"),
        (CRITERIA, "kdigo_2012,2,creatinine,rise,1,g/dL,48,false,seen,x", "unit: g/dL is not in"),
        (CRITERIA, "kdigo_2012,1,creatinine,ratio,2,,168,false,seen,x", "stands in line"),
    ],
)
def test_a_faulty_line_of_the_laboratory_is_named(
    lists: Path, path: str, line: str, fault: str
) -> None:
    where = add(lists, path, line)
    found = faults_of(lists)
    assert len(found) == 1
    assert found[0].startswith(where)
    assert fault in found[0]


@pytest.mark.parametrize(("line", "told"), BAD_EVENTS)
def test_a_bad_window_of_an_event_is_named(lists: Path, line: str, told: str) -> None:
    place = add(lists, EVENTS, line)
    assert any(fault.startswith(place) and told in fault for fault in faults_of(lists))


@pytest.mark.parametrize(("line", "told"), BAD_TERMS)
def test_a_bad_term_of_an_event_is_named(lists: Path, line: str, told: str) -> None:
    place = add(lists, TERMS, line)
    assert any(fault.startswith(place) and told in fault for fault in faults_of(lists))


def test_an_event_that_is_not_listed_is_named(lists: Path) -> None:
    add(lists, TERMS, "sneezing,NAME,sneezing,seen,A")
    assert f"{TERMS}: event_code sneezing is not known" in faults_of(lists)
