"""Extracts in published layouts nobody here made are drafted right, or refused with what they lack.

The headings are those of PCORnet's model, eICU, AmsterdamUMCdb, HiRID, MIMIC-IV and DATASUS; every
value is invented. Times told as minutes or milliseconds since an admission are no dates.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from nightly import typed

from pipeline.config import load_settings
from pipeline.draft import draft_mapping
from pipeline.errors import UnrecognisedError
from pipeline.run.audit import audit
from pipeline.run.journal import Journal
from pipeline.store import open_finished

N_ROWS = 30
PCORNET = {
    "DEMOGRAPHIC.csv": ("PATID,BIRTH_DATE,BIRTH_TIME,SEX,RACE", "P{p},19{y}-05-{d},,F,05"),
    "VITAL.csv": (
        "VITALID,PATID,ENCOUNTERID,MEASURE_DATE,MEASURE_TIME,VITAL_SOURCE,HT,WT,DIASTOLIC,SYSTOLIC",
        "V{n},P{p},E{n},2023-03-{d},08:15,HC,66.5,15{p}.5,80,120",
    ),
    "MED_ADMIN.csv": (
        ("MEDADMINID,PATID,ENCOUNTERID,PRESCRIBINGID,MEDADMIN_PROVIDERID,MEDADMIN_START_DATE,"
        "MEDADMIN_START_TIME,MEDADMIN_STOP_DATE,MEDADMIN_STOP_TIME,MEDADMIN_TYPE,MEDADMIN_CODE,"
        "MEDADMIN_DOSE_ADMIN,MEDADMIN_DOSE_ADMIN_UNIT,MEDADMIN_ROUTE,MEDADMIN_SOURCE,"
        "RAW_MEDADMIN_MED_NAME,RAW_MEDADMIN_CODE,RAW_MEDADMIN_DOSE_ADMIN,"
        "RAW_MEDADMIN_DOSE_ADMIN_UNIT,RAW_MEDADMIN_ROUTE"),
        ("M{n},P{p},E{n},R{n},D1,2023-03-{d},09:40,2023-03-{d},13:05,RX,9{n},4{p},g,IV,OD,"
        "PRIVIGEN 10 % SOLUTION,77,4{p},g,IV"),
    ),
    "LAB_RESULT_CM.csv": (
        ("LAB_RESULT_CM_ID,PATID,ENCOUNTERID,LAB_LOINC,LAB_ORDER_DATE,SPECIMEN_DATE,SPECIMEN_TIME,"
        "RESULT_DATE,RESULT_TIME,RESULT_QUAL,RESULT_NUM,RESULT_MODIFIER,RESULT_UNIT"),
        "L{n},P{p},E{n},2465-3,2023-03-{d},2023-03-{d},07:30,2023-03-{d},11:00,NI,6.{p},{m},g/L",
    ),
    "DISPENSING.csv": (
        ("DISPENSINGID,PATID,PRESCRIBINGID,DISPENSE_DATE,NDC,DISPENSE_SUP,DISPENSE_AMT,"
        "DISPENSE_DOSE_DISP,DISPENSE_DOSE_DISP_UNIT,DISPENSE_ROUTE,RAW_NDC,RAW_DISP_MED_NAME"),
        "D{n},P{p},R{n},2023-03-{d},9999{n},28,1,30,g,SC,,HIZENTRA 20 %",
    ),
}  # fmt: skip
OTHERS = {
    "eicu": {
        "infusionDrug.csv": (
            (
                "infusiondrugid,patientunitstayid,infusionoffset,drugname,drugrate,infusionrate,"
                "drugamount,volumeoffluid,patientweight"
            ),
            "{n},{p},-1{n},Privigen 10% (ml/hr),100,100,40,400,84.{p}",
        ),
    },
    "amsterdam": {
        "drugitems.csv": (
            (
                "admissionid,orderid,ordercategory,itemid,item,rate,rateunit,dose,doseunit,"
                "administered,administeredunit,action,start,stop,duration,fluidin"
            ),
            (
                "{p},{n},Injecties,7,Kiovig,50,ml/uur,40,g,40,g,Nieuwe instelling,1{n}000000,"
                "1{n}900000,15,400"
            ),
        ),
    },
    "hirid": {
        "pharma_records.csv": (
            (
                "patientid,pharmaid,givenat,enteredentryat,givendose,cumulativedose,fluidamount_calc,"
                "doseunit,route,infusionid,typeid,recordstatus"
            ),
            "{p},1000{p},2134-03-{d} 09:00:00,2134-03-{d} 09:04:00,40,,400.0,g,iv-inf,5{p},4,524",
        ),
    },
    "mimic4": {
        "inputevents.csv": (
            (
                "subject_id,hadm_id,stay_id,starttime,endtime,storetime,itemid,amount,amountuom,rate,"
                "rateuom,orderid,ordercategoryname,patientweight,totalamount,statusdescription"
            ),
            (
                "{p},2{n},3{n},2134-03-{d} 09:00:00,2134-03-{d} 12:00:00,2134-03-{d} 12:30:00,22,"
                "400,mL,100,mL/hour,{n},04-Fluids,84.{p},400,FinishedRunning"
            ),
        ),
    },
    "datasus": {
        "AM2301.csv": (
            (
                "AP_AUTORIZ,AP_CMP,AP_PRIPAL,AP_CNSPCN,AP_NUIDADE,AP_SEXO,AP_DTINIC,AP_DTFIM,"
                "AP_CIDPRI,AM_PESO,AM_ALTURA,AM_QTDTRAN"
            ),
            "35{n},202301,0604,XY{p},34,F,202303{d},202306{d},D839,07{p},165,00",
        ),
    },
}
LACKING = {
    "eicu": "nearest to infusion, but no column is likely its patient_id; started_at",
    "amsterdam": "nearest to infusion, but no column is likely its patient_id; started_at",
    "hirid": "no record recognised",
    "mimic4": "no record recognised",
    "datasus": "but no column is likely its patient_id",
}


def folder_of(folder: Path, files: dict[str, tuple[str, str]]) -> Path:
    """Write the rows of each file from its one pattern."""
    folder.mkdir()
    for name, (head, row) in files.items():
        rows = [
            row.format(
                n=f"{n:03}",
                p=n % 7,
                d=f"{1 + n % 28:02}",
                y=f"{40 + n}",
                m=("EQ", "LT", "GE")[n % 3],
            )
            for n in range(7 if name == "DEMOGRAPHIC.csv" else N_ROWS)
        ]
        (folder / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pcornet(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """Return what was said of PCORnet's tables, and the database of the draft's audit."""
    home = tmp_path_factory.mktemp("pcornet")
    source = folder_of(home / "cdm", PCORNET)
    lines = draft_mapping(source, home / "draft", None)
    # the unit of what was issued stands beside it, so that nothing of it counts until somebody says
    overrides = {"max_quarantine": 1}
    settings = load_settings(source, config=home / "draft" / "audit.toml", overrides=overrides)
    outcome = audit(settings, home / "out", Journal(io.StringIO()))
    return lines, outcome.folder / "audit.duckdb"


def test_dates_and_their_clocks_apart_become_times(pcornet: tuple[list[str], Path]) -> None:
    con = open_finished(pcornet[1])
    given = con.sql("SELECT started_at, ended_at FROM staged.infusion").fetchall()
    measured = con.sql("SELECT measured_at FROM staged.body_measurement").fetchall()
    con.close()
    assert len(given) == N_ROWS
    assert {(began.hour, began.minute, ended.hour) for began, ended in given} == {(9, 40, 13)}
    assert {at.hour * 60 + at.minute for (at,) in measured} == {8 * 60 + 15}
    assert min(began for began, _ in given) == datetime(2023, 3, 1, 9, 40)  # noqa: DTZ001


def test_pounds_are_guessed_and_said_to_be_and_inches_stay_open(
    pcornet: tuple[list[str], Path],
) -> None:
    lines, database = pcornet
    con = open_finished(database)
    kilograms = con.sql("SELECT DISTINCT weight_kg FROM staged.body_measurement").fetchall()
    con.close()
    pounds = [Decimal(f"15{n}.5") for n in range(7)]
    assert {round(value, 1) for (value,) in kilograms} == {
        round(pound * Decimal("0.45359237"), 1) for pound in pounds
    }
    assert any(
        re.search(r"WT +body_measurement.weight_kg +likely .*GUESSED", line) for line in lines
    )
    assert (
        "  VITAL.csv: body_measurement.height_cm: its unit is not known: its values fit cm or in"
        in lines
    )


def test_doses_told_twice_and_units_beside_are_asked_about(pcornet: tuple[list[str], Path]) -> None:
    asked = pcornet[0][pcornet[0].index("Open questions") :]
    assert any(
        line.startswith("  MED_ADMIN.csv: infusion.dose_g: columns 12 and 18") for line in asked
    )
    assert any(
        line.startswith("  DISPENSING.csv: dispensing.dose_g: its unit may") for line in asked
    )


def test_a_comparator_in_words_is_kept(pcornet: tuple[list[str], Path]) -> None:
    con = open_finished(pcornet[1])
    found = con.sql(
        "SELECT comparator, COUNT(*), MIN(HOUR(collected_at)) FROM staged.lab_result GROUP BY ALL"
    ).fetchall()
    con.close()
    assert sorted(found, key=str) == [("<", 10, 7), (">=", 10, 7), (None, 10, 7)]


def test_nothing_is_taken_for_a_stay_a_review_or_a_specimen_by_chance(
    pcornet: tuple[list[str], Path],
) -> None:
    said = "\n".join(pcornet[0][: pcornet[0].index("Open questions")])
    assert not re.search("outcome_review|encounter\\.|specimen", said)


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_read_is_refused_with_what_it_lacks(tmp_path: Path, name: str) -> None:
    source = folder_of(tmp_path / name, OTHERS[name])
    with pytest.raises(UnrecognisedError) as error:
        draft_mapping(source, tmp_path / "draft", None)
    assert LACKING[name] in str(error.value)
    assert not (tmp_path / "draft").exists()


def test_what_was_seen_is_told_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = folder_of(tmp_path / "odd\nname", OTHERS["eicu"])
    ended = typed(("map", source, "--out", tmp_path / "draft"), capsys)
    lines = ended.stderr.splitlines()
    assert ended.code == 10
    assert any(line.startswith("  nearest to infusion") for line in lines)
    assert any(
        re.match(r"  drugname +not used +text, 1 different, 100% products", line) for line in lines
    )
    assert not any(line.startswith("name") for line in lines)
    assert "Privigen" not in ended.stderr


SHAPES = {
    "apart.csv": (
        "Patientennummer;Datum_Beginn;Uhrzeit_Beginn;Datum_Ende;Uhrzeit_Ende;Präparat;Menge_g;Charge",
        "{p};{d}.03.2024;09:40;{d}.03.2024;13:10;Privigen;40;L{p}",
        {"started_at": "Datum_Beginn", "started_at_clock": "Uhrzeit_Beginn",
         "ended_at": "Datum_Ende", "ended_at_clock": "Uhrzeit_Ende", "dose_g": "Menge_g"},
    ),
    "ordered.csv": (
        "MRN;Order Date;Order Time;Admin Date;Admin Time;Drug;Dose (g);Lot #",
        "{p};2024-03-{d};17:00;2024-03-{d};09:40;Gamunex-C;40;L{p}",
        {"started_at": "Admin Date", "started_at_clock": "Admin Time", "product_code": "Drug"},
    ),
    "either.csv": (
        "NHS Number;Date of Infusion;Product Name;Total Dose (g);Batch Number;Diagnosis/Indication",
        "{p};2024-03-{d};Octagam 10%;40;L{p};CIDP",
        {"indication_code": "Diagnosis/Indication", "started_at": "Date of Infusion"},
    ),
    "issued.csv": (
        "Patient UR;Dispense Date;Product Dispensed;Quantity (g);Vial Size (g);No. Vials;Batch No",
        "U{p};2024-03-{d};Intragam 10;40;20;2;L{p}",
        {"patient_id": "Patient UR", "dose_g": "Quantity (g)", "n_vials": "No. Vials",
         "vial_size_g": "Vial Size (g)", "product_code": "Product Dispensed"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_names_of_two_parts_are_read_and_nothing_else_is(tmp_path: Path, name: str) -> None:
    head, row, wanted = SHAPES[name]
    source = folder_of(tmp_path / "in", {name: (head, row)})
    lines = draft_mapping(source, tmp_path / "draft", None)
    config = (tmp_path / "draft" / "audit.toml").read_text("utf-8")
    told = dict(re.findall(r'^(\w+) = (?:\{ from = )?"([^"]+)"', config, re.MULTILINE))
    assert told.items() >= wanted.items()
    assert "No open question about a column." in lines
    assert not re.search("diagnosis\\.code|encounter\\.", "\n".join(lines))
