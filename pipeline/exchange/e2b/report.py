"""Draft the message around a case: header, sections C (the report) and H (what is said of it)."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from pipeline.config import Sender
from pipeline.exchange.e2b import codes, drug, patient
from pipeline.exchange.e2b.case import Case
from pipeline.exchange.e2b.tree import Part, code, flag, moment, node

NARRATIVE = "DRAFT. Made from the records of the hospital; a human has yet to write the narrative."
REPORTED = "Drafted from what was reported in the hospital. Laid to the infusion by: {how}."
DETECTED = (
    "NOBODY REPORTED THIS EVENT. Case definitions over laboratory results or diagnoses of the "
    "hospital met it; a human has yet to say whether it happened."
)


def message(case: Case, sender: Sender) -> Element:
    """Return the whole draft, as a batch of one."""
    name = _case_name(case, sender)
    created = moment("creationTime", None, case.row["as_of"])
    case.ask("N.1.5, N.2.r.4, C.1.2", "dates of the transmission: here the day of the audit")
    return node(
        "MCCI_IN200100UV01",
        node("id", root=codes.BATCH, extension=case.case_id),
        created,
        node("responseModeCode", code="D"),
        _interaction("MCCI_IN200100UV01"),
        code("1", codes.MESSAGE_TYPE, "name", displayName="ichicsr"),
        _report(case, sender, name),
        _device("receiver", "RCV", codes.BATCH_RECEIVER, sender.receiver_id),
        _device("sender", "SND", codes.BATCH_SENDER, sender.sender_id),
        ITSVersion="XML_1.0",
    )


def _case_name(case: Case, sender: Sender) -> str:
    if sender.country and sender.organisation:
        return f"{sender.country}-{sender.organisation}-{case.case_id}"
    case.ask("C.1.1, C.1.8.1", "country, organisation and number of the case", case.case_id)
    return case.case_id


def _interaction(name: str) -> Element:
    return node("interactionId", root="2.16.840.1.113883.1.6", extension=name)


def _device(tag: str, kind: str, root: str, extension: str | None) -> Element:
    named = node("id", root=root, extension=extension, nullFlavor=None if extension else "NI")
    device = node("device", named, classCode="DEV", determinerCode="INSTANCE")
    return node(tag, device, typeCode=kind)


def _report(case: Case, sender: Sender, name: str) -> Element:
    for element, what, value in (
        ("N.1.3, N.2.r.2", "identifier of the sender", sender.sender_id),
        ("N.1.4, N.2.r.3", "identifier of the receiver", sender.receiver_id),
    ):
        if value is None:
            case.ask(element, what)
    process = node(
        "controlActProcess",
        code("PORR_TE049016UV", "2.16.840.1.113883.1.18"),
        moment("effectiveTime", None, case.row["as_of"]),
        node("subject", _investigation(case, sender, name), typeCode="SUBJ"),
        classCode="CACT",
        moodCode="EVN",
    )
    return node(
        "PORR_IN049016UV",
        node("id", root=codes.CASE, extension=name),
        moment("creationTime", None, case.row["as_of"]),
        _interaction("PORR_IN049016UV"),
        node("processingCode", code="P"),
        node("processingModeCode", code="T"),
        node("acceptAckCode", code="AL"),
        _device("receiver", "RCV", codes.MESSAGE_RECEIVER, sender.receiver_id),
        _device("sender", "SND", codes.MESSAGE_SENDER, sender.sender_id),
        process,
    )


def _investigation(case: Case, sender: Sender, name: str) -> Element:
    row = case.row
    references = [text for text in row["refs"] or () if text]
    case.ask("H.1", "narrative of the case")
    if row["first_told_on"] is None:
        case.ask("C.1.4, C.1.5", "when the report was first and last received")
    return node(
        "investigationEvent",
        node("id", root=codes.CASE, extension=name),
        _worldwide(case, name, references),
        code("PAT_ADV_EVNT", "2.16.840.1.113883.5.4"),
        node("text", text=NARRATIVE, mediaType="text/plain"),
        node("statusCode", code="active"),
        node("effectiveTime", moment("low", None, row["first_told_on"], "NI")),
        moment("availabilityTime", None, row["last_told_on"], "NI"),
        node("component", _assessment(case), typeCode="COMP"),
        *_questions(case),
        *_sources(case),
        _sender(case, sender),
        *(_other_case(text, row["told_to"]) for text in references),
        *_characteristics(case, references),
        classCode="INVSTG",
        moodCode="EVN",
    )


def _worldwide(case: Case, name: str, references: list[str]) -> Element:
    """Return the worldwide number: ours, unless an authority has the case already."""
    if not references:
        return node("id", root=codes.WORLDWIDE_CASE, extension=name)
    case.ask("C.1.8.1", "worldwide number: an authority has the case", ", ".join(references))
    if case.row["told_to"] is None:
        case.ask("C.1.9.1.r.1", "who gave the case that number", ", ".join(references))
    return node("id", root=codes.WORLDWIDE_CASE, nullFlavor="UNK")


def _assessment(case: Case) -> Element:
    role = node(
        "primaryRole",
        patient.player(case),
        *patient.findings(case),
        _drugs(case),
        classCode="INVSBJ",
    )
    return node(
        "adverseEventAssessment",
        node("subject1", role, typeCode="SBJ"),
        *drug.roles(case),
        _comment(case),
        classCode="INVSTG",
        moodCode="EVN",
    )


def _drugs(case: Case) -> Part:
    """Return the group of drugs; of none there is no group, for a group holds something."""
    found = drug.drugs(case)
    if not found:
        return None
    group = node(
        "organizer",
        code("4", codes.GROUPING),
        *found,
        classCode="CATEGORY",
        moodCode="EVN",
    )
    return node("subjectOf2", group, typeCode="SBJ")


def _comment(case: Case) -> Element:
    """Return the sender's comment: how the draft came about."""
    how = str(case.row["attribution"]).replace("_", " ")
    words = DETECTED if case.is_detected else REPORTED.format(how=how)
    case.ask("H.4", "sender's comment: here how the draft came about")
    author = node("assignedEntity", code("1", codes.ROLE), classCode="ASSIGNED")
    seen = node(
        "observationEvent",
        code("10", codes.OBSERVATION),
        node("value", xsi="ED", mediaType="text/plain", text=words),
        node("author", author, typeCode="AUT"),
        classCode="OBS",
        moodCode="EVN",
    )
    return node("component1", seen, typeCode="COMP")


def _questions(case: Case) -> list[Element]:
    case.ask("C.1.6.1", "are there more documents?")
    case.ask("C.1.7", "does it fulfil your local criteria for an expedited report?")
    return [
        node(
            "component",
            node(
                "observationEvent",
                code(number, codes.OBSERVATION),
                flag(None),
                classCode="OBS",
                moodCode="EVN",
            ),
            typeCode="COMP",
        )
        for number in ("1", "23")
    ]


def _sources(case: Case) -> list[Element]:
    case.ask("C.1.8.2", "first sender of the case: regulator or other")
    case.ask("C.2.r", "who reported it: name, qualification, country; no record holds that")
    first = node("assignedEntity", node("code", codeSystem=codes.FIRST_SENDER, nullFlavor="NI"),
                 classCode="ASSIGNED")  # fmt: skip
    person = node(
        "assignedPerson",
        node("name", node("given", nullFlavor="UNK"), node("family", nullFlavor="UNK")),
        node(
            "asQualifiedEntity",
            node("code", codeSystem=codes.QUALIFICATION, nullFlavor="UNK"),
            classCode="QUAL",
        ),
        classCode="PSN",
        determinerCode="INSTANCE",
    )
    reporter = node("assignedEntity", person, classCode="ASSIGNED")
    return [
        _related("1", first, None),
        _related("2", reporter, node("priorityNumber", value="1")),
    ]


def _related(number: str, entity: Element, priority: Part) -> Element:
    related = node(
        "relatedInvestigation",
        code(number, codes.REPORT_RELATION),
        node("subjectOf2", _act(entity), typeCode="SUBJ"),
        classCode="INVSTG",
        moodCode="EVN",
    )
    return node("outboundRelationship", priority, related, typeCode="SPRT")


def _act(entity: Element) -> Element:
    author = node("author", entity, typeCode="AUT")
    return node("controlActEvent", author, classCode="CACT", moodCode="EVN")


def _sender(case: Case, sender: Sender) -> Element:
    if sender.organisation is None or sender.kind is None:
        case.ask("C.3.1, C.3.2", "type and name of the sender's organisation", sender.organisation)
    case.ask("C.3.3", "the person who sends it")
    named = node(
        "name",
        text=sender.organisation,
        nullFlavor=None if sender.organisation else "NI",
    )
    whole = node("representedOrganization", named,
                 classCode="ORG", determinerCode="INSTANCE")  # fmt: skip
    # the name of the outer one is C.3.3.1, the department, which nobody told us
    department = node("representedOrganization",
                      node("assignedEntity", whole, classCode="ASSIGNED"),
                      classCode="ORG", determinerCode="INSTANCE")  # fmt: skip
    entity = node(
        "assignedEntity",
        code(sender.kind, codes.SENDER_TYPE)
        if sender.kind
        else node("code", codeSystem=codes.SENDER_TYPE, nullFlavor="NI"),
        department,
        classCode="ASSIGNED",
    )
    return node("subjectOf1", _act(entity), typeCode="SUBJ")


def _other_case(reference: str, told_to: str | None) -> Element:
    named = node("id", root=codes.OTHER_CASE, extension=reference, assigningAuthorityName=told_to)
    act = node("controlActEvent", named, classCode="CACT", moodCode="EVN")
    return node("subjectOf1", act, typeCode="SUBJ")


def _characteristics(case: Case, references: list[str]) -> list[Element]:
    case.ask("C.1.3", "type of report: spontaneous, of a study or other; not on record")
    kind = code(codes.TYPE_NOT_KNOWN, codes.REPORT_TYPE, "value", xsi="CE")
    if not references:
        case.ask("C.1.9.1", "was the case sent before under another number?")
    return [
        node("subjectOf2", _characteristic(number, value), typeCode="SUBJ")
        for number, value in (("1", kind), ("2", flag(True if references else None)))
    ]


def _characteristic(number: str, value: Element) -> Element:
    return node(
        "investigationCharacteristic",
        code(number, codes.CHARACTERISTIC),
        value,
        classCode="OBS",
        moodCode="EVN",
    )
