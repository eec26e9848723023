"""Serious events leave as drafts of an ICSR: filled from the records, nothing invented."""

from __future__ import annotations

import csv
import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, parse

import pytest
from exported import EVIL, IDS, hospital_run
from nightly import typed

from pipeline.exchange import Choice, export_run
from pipeline.exchange.e2b import codes
from pipeline.exchange.e2b.patient import _result, age_at
from pipeline.exchange.e2b.write import TODO
from pipeline.store import open_finished

pytestmark = pytest.mark.xdist_group("exported")

HL7: Final = "{urn:hl7-org:v3}"
XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
SCHEMAS: Final = "IVIG_AUDIT_ICSR_SCHEMAS"
"""Names a folder with ICH's schemas; they may not be copied into the project."""

ORDER: Final = {
    "MCCI_IN200100UV01": "id creationTime responseModeCode interactionId name PORR_IN049016UV "
    "receiver sender",
    "PORR_IN049016UV": "id creationTime interactionId processingCode processingModeCode "
    "acceptAckCode receiver sender controlActProcess",
    "controlActProcess": "code effectiveTime subject",
    "investigationEvent": "id code text statusCode effectiveTime availabilityTime component "
    "outboundRelationship subjectOf1 subjectOf2",
    "adverseEventAssessment": "subject1 component component1",
    "primaryRole": "player1 subjectOf2",
    "player1": "name administrativeGenderCode birthTime deceasedTime asIdentifiedEntity",
    "asIdentifiedEntity": "id code",
    "organizer": "code component",
    "observation": "id code effectiveTime value performer outboundRelationship2",
    "substanceAdministration": "id text effectiveTime routeCode doseQuantity consumable "
    "outboundRelationship2 inboundRelationship",
    "causalityAssessment": "code value author subject1 subject2",
    "observationEvent": "code value author",
    "outboundRelationship": "priorityNumber relatedInvestigation",
    "relatedInvestigation": "code subjectOf2",
    "assignedEntity": "code assignedPerson representedOrganization",
    "representedOrganization": "name assignedEntity",
    "assignedPerson": "name asQualifiedEntity",
    "investigationCharacteristic": "code value",
    "controlActEvent": "id author",
    "productInstanceInstance": "id lotNumberText",
}
"""The order of children in the sequences of the guide, of those a draft uses."""

MANDATORY: Final = {
    "N.1.2": "./id",
    "N.1.5": "./creationTime",
    "N.1.1": "./name",
    "N.1.3": "./sender/device/id",
    "N.1.4": "./receiver/device/id",
    "N.2.r.1": "./PORR_IN049016UV/id",
    "N.2.r.2": "./PORR_IN049016UV/sender/device/id",
    "N.2.r.3": "./PORR_IN049016UV/receiver/device/id",
    "C.1.2": ".//controlActProcess/effectiveTime",
    "C.1.1": ".//investigationEvent/id[@root='2.16.840.1.113883.3.989.2.1.3.1']",
    "C.1.8.1": ".//investigationEvent/id[@root='2.16.840.1.113883.3.989.2.1.3.2']",
    "H.1": ".//investigationEvent/text",
    "C.1.4": ".//investigationEvent/effectiveTime/low",
    "C.1.5": ".//investigationEvent/availabilityTime",
    "D.1": ".//player1/name",
    "C.1.6.1": ".//investigationEvent/component/observationEvent/code[@code='1']",
    "C.1.7": ".//investigationEvent/component/observationEvent/code[@code='23']",
    "C.1.8.2": ".//relatedInvestigation/code[@code='1']",
    "C.2.r": ".//relatedInvestigation/code[@code='2']",
    "C.3.1": ".//investigationEvent/subjectOf1/controlActEvent/author/assignedEntity/code",
    "C.1.3": ".//investigationCharacteristic/code[@code='1']",
    "C.1.9.1": ".//investigationCharacteristic/code[@code='2']",
    "E.i": ".//primaryRole/subjectOf2/observation/code[@code='29']",
    "E.i.7": ".//observation/outboundRelationship2/observation/code[@code='27']",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hospital_run(tmp_path_factory)


@pytest.fixture(scope="module")
def folder(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an export with detected events, and with pseudonyms."""
    return written_by(out, tmp_path_factory.mktemp("e2b"), with_detected=True)


def written_by(out: Path, folder: Path, **more: Any) -> Path:
    database, key = out / "latest" / "audit.duckdb", out.parent / "site.key"
    export_run(database, Choice("e2b-r3", **more), folder, key_file=key, out=out)
    return folder


@pytest.fixture(scope="module")
def drafts(folder: Path) -> dict[str, Element]:
    """Return each draft of a report without namespaces, by the words of its reaction."""
    paths = [path for path in folder.glob("*.xml") if not is_of_nobody(path)]
    found = [read(path) for path in sorted(paths)]
    return {reaction(draft): draft for draft in found}


def is_of_nobody(path: Path) -> bool:
    return "NOBODY REPORTED" in path.read_text("utf-8")


def read(path: Path) -> Element:
    root = parse(path).getroot()  # noqa: S314 - we wrote it
    for element in root.iter():
        assert element.tag.startswith(HL7)
        element.tag = element.tag.removeprefix(HL7)
    return root


def reaction(draft: Element) -> str:
    return one(draft, ".//primaryRole/subjectOf2/observation/value/originalText").text or ""


def one(draft: Element, path: str) -> Element:
    (found,) = draft.findall(path)
    return found


def observed(draft: Element, number: str) -> list[Element]:
    """Return the values of the observations with this code, wherever they stand."""
    return [
        value
        for element in draft.iter()
        if (coded := element.find("code")) is not None
        and (coded.get("code"), coded.get("codeSystem")) == (number, codes.OBSERVATION)
        for value in element.findall("value")
    ]


def todo(folder: Path, words: str) -> dict[str, list[str]]:
    """Return what is to do for the draft of a reaction, by data element."""
    paths = [path for path in folder.glob("*.xml") if not is_of_nobody(path)]
    name = next(path.name for path in paths if reaction(read(path)) == words)
    with (folder / TODO).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["draft"] == name]
    asked: dict[str, list[str]] = {}
    for row in rows:
        asked.setdefault(row["element"], []).append(row["records_say"])
    return asked


ONSET: Final = ".//primaryRole/subjectOf2/observation/effectiveTime/low"
ODD: Final = f"Odd {EVIL}"
REPORTED: Final = {"Anaphylaxis", ODD, "Stroke", "Haemolysis"}


def test_each_serious_report_is_one_draft_and_what_is_not_serious_is_none(
    out: Path, tmp_path: Path
) -> None:
    paths = sorted(written_by(out, tmp_path).glob("*.xml"))
    assert {reaction(read(path)) for path in paths} == REPORTED
    assert len(paths) == len(REPORTED)
    assert all(re.fullmatch(r"[0-9a-f]{16}\.xml", path.name) for path in paths)


def test_what_nobody_reported_is_drafted_only_if_asked_for_and_says_so(folder: Path) -> None:
    (path,) = filter(is_of_nobody, folder.glob("*.xml"))
    assert len([*folder.glob("*.xml")]) == len(REPORTED) + 1
    draft = read(path)
    assert (one(draft, ".//component1/observationEvent/value").text or "").startswith("NOBODY")
    assert {value.get("nullFlavor") for value in observed(draft, "34")} == {"NI"}
    assert one(draft, ".//investigationEvent/effectiveTime/low").get("nullFlavor") == "NI"


def test_the_elements_stand_in_the_order_of_the_guide(folder: Path) -> None:
    for path in folder.glob("*.xml"):
        for parent in read(path).iter():
            if parent.tag in ORDER:
                places = [ORDER[parent.tag].split().index(child.tag) for child in parent]
                assert places == sorted(places), (path.name, parent.tag)


@pytest.mark.parametrize("element", MANDATORY)
def test_what_the_guide_demands_is_there_in_every_draft(folder: Path, element: str) -> None:
    for path in folder.glob("*.xml"):
        assert read(path).findall(MANDATORY[element]), element


def test_a_group_holds_something(folder: Path) -> None:
    groups = [group for path in folder.glob("*.xml") for group in read(path).iter("organizer")]
    assert groups
    assert all(group.find("component") is not None for group in groups)


def test_each_element_holds_something_or_says_why_not(folder: Path) -> None:
    for path in folder.glob("*.xml"):
        for element in read(path).iter():
            named = {"nullFlavor", "value", "code", "extension", "root"} & {*element.keys()}
            assert len(element) or element.text or named, element.tag
            known = {None, "NI", "UNK", "MSK", "NINF", "PINF"}
            assert element.get("nullFlavor") in known


def test_no_code_of_meddra_is_written_and_the_words_are_the_reporters(
    folder: Path, drafts: dict[str, Element]
) -> None:
    for path in folder.glob("*.xml"):
        named = [e for e in read(path).iter() if e.get("codeSystem") == codes.MEDDRA]
        assert named
        assert all(e.get("code") is None and e.find("originalText") is not None for e in named)
    assert drafts.keys() >= REPORTED
    assert "E.i.2.1" in todo(folder, ODD)


def test_no_id_of_a_patient_or_record_stands_in_a_draft_by_default(folder: Path) -> None:
    for path in folder.iterdir():
        assert "ZQ" not in path.read_text("utf-8")


def test_with_ids_the_hospital_number_is_told_and_the_name_is_not(
    out: Path, tmp_path: Path
) -> None:
    drafts = [read(path) for path in written_by(out, tmp_path, by_id=True).glob("*.xml")]
    numbers = {
        identified.get("extension")
        for draft in drafts
        for identified in draft.findall(".//player1/asIdentifiedEntity/id")
    }
    assert numbers == {*IDS}
    assert {one(draft, ".//player1/name").get("nullFlavor") for draft in drafts} == {"MSK"}
    births = [birth for draft in drafts for birth in draft.findall(".//birthTime")]
    told = {birth.get("value") or birth.get("nullFlavor") for birth in births}
    assert told == {"19800504", "19700101"}  # a year is not precise enough, so it is left out
    assert all(
        bool(draft.findall(".//birthTime")) + len(observed(draft, "3")) < 2 for draft in drafts
    )


def test_the_lots_and_grams_are_those_of_the_session(out: Path, drafts: dict[str, Element]) -> None:
    con = open_finished(out / "latest" / "audit.duckdb")
    expected = con.sql(
        "SELECT l.lot_number, l.dose_g FROM derived.infusion AS b INNER JOIN derived.lot AS l "
        "ON b.record = l.record AND b.infusion_key = l.record_key "
        "INNER JOIN derived.reported_event AS e ON b.session_key = e.session_key "
        "WHERE e.event_code = 'anaphylaxis' ORDER BY ALL"
    ).fetchall()
    con.close()
    draft = drafts["Anaphylaxis"]
    dosages = draft.findall(".//outboundRelationship2/substanceAdministration")
    found = [
        (one(part, ".//lotNumberText").text, Decimal(one(part, "doseQuantity").get("value") or ""))
        for part in dosages
    ]
    assert sorted(found) == expected
    assert f"L-1{EVIL}" in {lot for lot, _ in found}
    assert sum(grams for _, grams in found) == Decimal("150.5")


def test_a_lot_longer_than_allowed_is_told_whole_and_listed() -> None:
    from pipeline.exchange.e2b.case import Case  # noqa: PLC0415
    from pipeline.exchange.e2b.drug import _suspect  # noqa: PLC0415

    names = "started_at started_on ended_at route status is_stated_only dose_g bag_g n_lots"
    bag: dict[str, Any] = dict.fromkeys((*names.split(), "infusion_key"))
    case = Case({"indication": None}, [], [], [], [])
    suspect = _suspect(case, "Privigen", [bag | {"lot_number": "L" * 36}], 1)
    assert one(suspect, ".//lotNumberText").text == "L" * 36
    assert ("G.k.4.r.7", "lot: longer than the 35 signs allowed", "L" * 36) in case.todo
    assert suspect.findall(".//effectiveTime") == []


def test_a_bag_whose_lots_are_not_weighed_tells_its_grams_once_in_words() -> None:
    from pipeline.exchange.e2b.drug import _dosage  # noqa: PLC0415

    bag: dict[str, Any] = dict.fromkeys(
        ("started_at", "started_on", "ended_at", "route", "status", "is_stated_only")
    )
    dosage = _dosage(bag | {"lot_number": "A", "dose_g": None, "bag_g": 40, "n_lots": 2})
    assert dosage.find("doseQuantity") is None
    assert one(dosage, "text").text == "40 g in all, of 2 lots"


def test_what_was_given_after_the_event_began_is_not_in_it(drafts: dict[str, Element]) -> None:
    for draft in drafts.values():
        began = [low.get("value") or "" for low in draft.findall(ONSET)]
        starts = draft.findall(".//substanceAdministration/effectiveTime/comp/low")
        assert all((low.get("value") or "")[:8] <= day[:8] for low in starts for day in began)


def test_what_nobody_reported_was_seen_on_a_day_and_began_at_no_hour(folder: Path) -> None:
    (path,) = filter(is_of_nobody, folder.glob("*.xml"))
    assert re.fullmatch(r"\d{8}", one(read(path), ONSET).get("value") or "")


def test_text_of_records_is_told_letter_by_letter(folder: Path, drafts: dict[str, Element]) -> None:
    assert reaction(drafts[ODD]) == ODD
    stroke = drafts["Stroke"]
    assert one(stroke, ".//kindOfProduct/name").text == EVIL
    assert one(stroke, ".//lotNumberText").text == f"Q{EVIL}"
    assert todo(folder, ODD)["E.i.7"] == [EVIL]


def test_seriousness_is_true_where_a_report_says_so_and_never_false(
    folder: Path, drafts: dict[str, Element]
) -> None:
    said = {"Anaphylaxis": "21", ODD: "34", "Stroke": None}
    for words, expected in said.items():
        for number, _ in codes.CRITERIA.values():
            (value,) = observed(drafts[words], number)
            told = value.get("value") or value.get("nullFlavor")
            assert told == ("true" if number == expected else "NI")
    assert "E.i.3.2" in todo(folder, "Stroke")
    assert "E.i.3.2" not in todo(folder, "Anaphylaxis")


def test_an_outcome_is_coded_only_in_words_of_the_list(drafts: dict[str, Element]) -> None:
    outcomes = {words: observed(drafts[words], "27")[0].get("code") for words in drafts}
    assert outcomes == {"Anaphylaxis": "1", ODD: "0", "Stroke": "0", "Haemolysis": "0"}


def test_cause_is_told_as_it_was_written_and_by_whom_or_not_at_all(
    folder: Path, drafts: dict[str, Element]
) -> None:
    assert [value.text for value in observed(drafts["Anaphylaxis"], "39")] == ["probable"]
    author = one(drafts["Anaphylaxis"], ".//causalityAssessment/author/assignedEntity/code")
    assert one(author, "originalText").text == "physician"
    assert observed(drafts[ODD], "39") == []
    assert "G.k.9.i.2" in todo(folder, ODD)


def test_age_weight_and_height_are_told_where_they_are_known(
    folder: Path, drafts: dict[str, Element]
) -> None:
    known = drafts["Anaphylaxis"]
    told = [(observed(known, number)[0].attrib) for number in ("3", "7", "17")]
    assert [(value["value"], value["unit"]) for value in told] == [
        ("43", "a"),
        ("60", "kg"),
        ("165", "cm"),
    ]
    unknown = drafts[ODD]  # a year of birth, and a weight a year old
    assert [observed(unknown, number) for number in ("3", "7", "17")] == [[], [], []]
    assert todo(folder, ODD)["D.2.2"] == ["1950"]
    assert one(unknown, ".//deceasedTime").get("value") == "20240320"
    sexes = [one(draft, ".//administrativeGenderCode").attrib for draft in drafts.values()]
    assert {sex.get("code") or sex.get("nullFlavor") for sex in sexes} == {"1", "2", "UNK"}


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ((2000, 2, 29), (2002, 2, 28), (23, "mo")),
        ((2000, 2, 29), (2002, 3, 1), (2, "a")),
        ((2000, 1, 1), (2001, 12, 31), (23, "mo")),
        ((2000, 1, 1), (2002, 1, 1), (2, "a")),
        ((2000, 1, 31), (2000, 2, 29), (29, "d")),
        ((2000, 1, 31), (2000, 3, 1), (1, "mo")),
        ((2000, 1, 1), (2000, 1, 1), (0, "d")),
    ],
)
def test_an_age_is_whole_years_from_two_then_months_then_days(
    born: tuple[int, int, int], on: tuple[int, int, int], age: tuple[int, str]
) -> None:
    assert age_at(date(*born), date(*on)) == age


def test_an_instant_is_told_in_utc_and_a_day_as_a_day(drafts: dict[str, Element]) -> None:
    assert one(drafts["Anaphylaxis"], ONSET).get("value") == "202403011200+0000"
    assert one(drafts[ODD], ONSET).get("value") == "20240305"
    assert drafts["Stroke"].findall(ONSET) == []


@pytest.mark.parametrize(
    ("comparator", "parts"),
    [
        (None, [("center", {"value": "5.5", "unit": "g/L"})]),
        ("<", [("low", {"nullFlavor": "NINF"}),
               ("high", {"value": "5.5", "unit": "g/L", "inclusive": "false"})]),
        (">=", [("low", {"value": "5.5", "unit": "g/L", "inclusive": "true"}),
                ("high", {"nullFlavor": "PINF"})]),
    ],
)  # fmt: skip
def test_a_result_keeps_its_comparator(comparator: str | None, parts: list[Any]) -> None:
    row = {"amount": Decimal("5.500"), "unit": "g/L", "comparator": comparator, "value_text": None}
    assert [(part.tag, part.attrib) for part in _result(row)] == parts


def test_a_result_without_a_number_or_unit_is_told_in_words() -> None:
    row = {"amount": None, "unit": None, "comparator": None, "value_text": "positive"}
    assert _result(row).text == "positive"
    assert _result(row | {"value_text": None}).get("nullFlavor") == "UNK"
    assert _result(row | {"value_text": None, "amount": Decimal(5)}).text == "5"


def test_results_that_show_the_event_are_in_it_and_other_medicines_beside_it(
    out: Path, tmp_path: Path
) -> None:
    drafts = [read(path) for path in written_by(out, tmp_path).glob("*.xml")]
    (draft,) = (draft for draft in drafts if reaction(draft) == "Haemolysis")
    tests = draft.findall(".//organizer/component/observation/value/center")
    assert ("8.1", "g/dL") in {(test.get("value"), test.get("unit")) for test in tests}
    names = [name.text for name in draft.findall(".//kindOfProduct/name")]
    assert names == ["Privigen", "Furosemide"]  # what ended a year before is not in it
    assert [value.get("code") for value in observed(draft, "20")] == ["1", "2"]
    # an authority has the case: its number stands, ours is not the worldwide one
    assert one(draft, f".//investigationEvent/id[@root='{codes.WORLDWIDE_CASE}']").attrib == {
        "root": codes.WORLDWIDE_CASE,
        "nullFlavor": "UNK",
    }
    other = one(draft, f".//controlActEvent/id[@root='{codes.OTHER_CASE}']")
    assert (other.get("extension"), other.get("assigningAuthorityName")) == ("REF-<1>", "agency")


def test_the_indication_is_told_where_somebody_stated_it(drafts: dict[str, Element]) -> None:
    (value,) = observed(drafts["Anaphylaxis"], "19")
    assert "thrombocytopenia" in (one(value, "originalText").text or "").lower()
    assert observed(drafts[ODD], "19") == []


def test_the_sender_is_named_by_the_configuration_alone(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "audit.toml"
    config.write_text(
        '[e2b]\norganisation = "HOSP"\nkind = "3"\ncountry = "FR"\nsender_id = "S<1>"\n',
        encoding="utf-8",
    )
    place = tmp_path / "new"
    ended = typed(
        ("export", "e2b-r3", place, "--config", config, "--out", out,
         "--key-file", out.parent / "site.key"), capsys,
    )  # fmt: skip
    assert (ended.code, ended.stderr) == (0, "")
    for path in place.glob("*.xml"):
        draft = read(path)
        case = one(draft, f".//investigationEvent/id[@root='{codes.CASE}']").get("extension")
        assert case == f"FR-HOSP-{path.stem}"
        # C.3.2, the organisation, is within C.3.3.1, its department, which has no name here
        sender = one(draft, ".//investigationEvent/subjectOf1//assignedEntity/code/..")
        assert one(sender, ".//name").text == "HOSP"
        organisation = "./representedOrganization/assignedEntity/representedOrganization/name"
        assert one(sender, organisation).text == "HOSP"
        assert one(draft, "./sender/device/id").get("extension") == "S<1>"
        assert one(draft, "./receiver/device/id").get("nullFlavor") == "NI"


def test_the_same_run_gives_the_same_bytes(out: Path, folder: Path, tmp_path: Path) -> None:
    again = written_by(out, tmp_path, with_detected=True)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in again.iterdir()} == files
    assert {path.stat().st_mode & 0o777 for path in again.iterdir()} == {0o600}


def test_the_list_of_what_is_left_runs_nothing_in_a_spreadsheet(folder: Path) -> None:
    with (folder / TODO).open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_page_shows_what_is_written(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
    (shown,) = re.findall(r"```xml\n(.*?)```", page, re.DOTALL)
    (path,) = (p for p in folder.glob("*.xml") if reaction(read(p)) == "Anaphylaxis")
    draft = [line.strip() for line in path.read_text("utf-8").splitlines()]
    assert "\n".join(line.strip() for line in shown.splitlines()) in "\n".join(draft)
    (listed,) = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    rows = [*csv.DictReader(listed.splitlines())]
    asked = todo(folder, "Anaphylaxis")
    assert rows
    assert all(row["records_say"] in asked[row["element"]] for row in rows)


def test_options_of_drafts_are_refused_for_fhir(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = typed(("export", "fhir-r4", tmp_path / "new", "--detected", "--out", out), capsys)
    assert ended.code == 2
    assert [*tmp_path.iterdir()] == []


def test_drafts_are_valid_by_the_schemas_of_ich(folder: Path) -> None:
    place = os.environ.get(SCHEMAS)
    if place is None:
        pytest.skip(
            f"{SCHEMAS} names no folder: drafts were NOT held against the schemas of ICH, which "
            "may not be copied into the project. Get them from ich.org and name their folder."
        )
    xmlschema = pytest.importorskip("xmlschema")
    (root,) = Path(place).rglob("MCCI_IN200100UV01.xsd")
    schema = xmlschema.XMLSchema(str(root))
    faults = [
        f"{path.name} {error.path}: {error.reason}"
        for path in sorted(folder.glob("*.xml"))
        for error in schema.iter_errors(str(path))
    ]
    assert faults == []
