"""Draft section G: the products given, their lots, other medicines, and what was said of cause."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from pipeline.exchange.asked import Row
from pipeline.exchange.e2b import codes
from pipeline.exchange.e2b.case import Case
from pipeline.exchange.e2b.tree import Part, amount, code, moment, node, observation, told

NOT_NAMED = "not named in the records"


def drugs(case: Case) -> list[Element]:
    """Return the drug section, in one group: the products of the course, then other medicines."""
    suspects = [
        _suspect(case, name, bags, number)
        for number, (name, bags) in enumerate(case.drugs.items(), start=1)
    ]
    others = [
        _other(row, number) for number, row in enumerate(case.medicines, start=len(suspects) + 1)
    ]
    if not suspects:
        case.ask("G.k", "the suspect product: the records lay the event to none")
    if not case.medicines:
        case.ask("G.k", "other medicines: none on record in these days, or none recorded")
    return [node("component", part, typeCode="COMP") for part in (*suspects, *others)]


def roles(case: Case) -> list[Element]:
    """Return the role of each drug, then each judgement of cause as it was written."""
    n_suspects = len(case.drugs)
    found = [
        _assessment("20", _role(number, n_suspects), None, number)
        for number in range(1, n_suspects + len(case.medicines) + 1)
    ]
    if n_suspects:
        how = case.row["attribution"]
        case.ask("G.k.1", "role of each product: suspect as the run lays the event, check", how)
    return found + _causes(case, n_suspects)


def _role(number: int, n_suspects: int) -> Element:
    role = codes.SUSPECT if number <= n_suspects else codes.CONCOMITANT
    return code(role, codes.DRUG_ROLE, "value", xsi="CE")


def _causes(case: Case, n_suspects: int) -> list[Element]:
    found: list[Element] = []
    for number, reaction in enumerate(case.reactions, start=1):
        said = [row for row in reaction["assessments"] or () if row["result"]]
        if not said:
            case.ask("G.k.9.i.2", "judgement of cause: nobody's is on record")
        elif n_suspects == 1:
            found += [_cause(case, row, number) for row in said]
        else:
            words = "; ".join(row["result"] for row in said)
            case.ask("G.k.9.i.2", "judgement of cause: of which product is not on record", words)
    return found


def _cause(case: Case, said: Row, reaction: int) -> Element:
    case.ask("G.k.9.i.2.r.2", "method of the judgement of cause", said["result"])
    author: Part = None
    if said["assessor"]:
        who = node("assignedEntity", told(said["assessor"], None, "code"), classCode="ASSIGNED")
        author = node("author", who, typeCode="AUT")
    reference = node("adverseEffectReference", node("id", root=f"RID{reaction}"),
                     classCode="OBS", moodCode="EVN")  # fmt: skip
    value = node("value", xsi="ST", text=said["result"])
    return _assessment("39", value, author, 1, node("subject1", reference, typeCode="SUBJ"))


def _assessment(number: str, value: Element, author: Part, drug: int, *about: Element) -> Element:
    use = node("productUseReference", node("id", root=f"DID{drug}"),
               classCode="SBADM", moodCode="EVN")  # fmt: skip
    assessment = node(
        "causalityAssessment",
        code(number, codes.OBSERVATION),
        value,
        author,
        *about,
        node("subject2", use, typeCode="SUBJ"),
        classCode="OBS",
        moodCode="EVN",
    )
    return node("component", assessment, typeCode="COMP")


def _suspect(case: Case, name: str, bags: list[Row], number: int) -> Element:
    case.ask("G.k.2", "identifiers, authorisation and country of the product", name or NOT_NAMED)
    case.ask("G.k.8", "what was done with the drug", _done(bags))
    if any(bag["lot_number"] is None for bag in bags):
        case.ask("G.k.4.r.7", "lot: not on record for every bag", name)
    for lot in sorted({bag["lot_number"] or "" for bag in bags}):
        if len(lot) > codes.MAX_LOT:
            case.ask("G.k.4.r.7", f"lot: longer than the {codes.MAX_LOT} signs allowed", lot)
    return _administration(
        number,
        name or NOT_NAMED,
        *(node("outboundRelationship2", _dosage(bag), typeCode="COMP") for bag in bags),
        _indication(case),
        _action(),
    )


def _done(bags: list[Row]) -> str:
    n_stopped = len({bag["infusion_key"] for bag in bags if bag["status"] == "stopped"})
    return f"{n_stopped} of the bags recorded as stopped" if n_stopped else ""


def _administration(number: int, name: str, *parts: Part) -> Element:
    product = node("kindOfProduct", node("name", text=name),
                   classCode="MMAT", determinerCode="KIND")  # fmt: skip
    return node(
        "substanceAdministration",
        node("id", root=f"DID{number}"),
        node("consumable", node("instanceOfKind", product, classCode="INST"), typeCode="CSM"),
        *parts,
        classCode="SBADM",
        moodCode="EVN",
    )


def _dosage(bag: Row) -> Element:
    return node(
        "substanceAdministration",
        _remark(bag),
        _times(moment("low", bag["started_at"], bag["started_on"]),
               moment("high", bag["ended_at"], None)),
        told(bag["route"], codes.ROUTE, "routeCode") if bag["route"] else None,
        amount("doseQuantity", bag["dose_g"], "g") if bag["dose_g"] is not None else None,
        _lot(bag["lot_number"]) if bag["lot_number"] else None,
        classCode="SBADM",
        moodCode="EVN",
    )  # fmt: skip


def _remark(bag: Row) -> Part:
    """Return what no field can say: grams of a bag whose lots are not weighed each, a stop."""
    words = []
    if bag["dose_g"] is None and bag["bag_g"] is not None:
        words.append(f"{bag['bag_g']} g in all, of {bag['n_lots']} lots")
    if bag["status"] == "stopped":
        words.append("recorded as stopped")
    if bag["is_stated_only"]:
        words.append("named by the report; no bag of it is laid to the event")
    return node("text", text="; ".join(words)) if words else None


def _times(low: Part, high: Part) -> Part:
    if low is None and high is None:
        return None
    repeat = node("comp", node("period", nullFlavor="NI"), xsi="PIVL_TS")
    span = node("comp", low, high, xsi="IVL_TS", operator="A")
    return node("effectiveTime", repeat, span, xsi="SXPR_TS")


def _lot(number: str) -> Element:
    instance = node(
        "productInstanceInstance",
        node("id", nullFlavor="NI"),
        node("lotNumberText", text=number),
        classCode="MMAT",
        determinerCode="INSTANCE",
    )
    return node("consumable", node("instanceOfKind", instance, classCode="INST"), typeCode="CSM")


def _indication(case: Case) -> Part:
    words = case.row["indication"]
    if words is None:
        case.ask("G.k.7", "indication: none was stated, and one found in codes is not copied")
        return None
    case.ask("G.k.7.r.2", "MedDRA version and code of the indication", words)
    reporter = node("assignedEntity", code("3", codes.ROLE), classCode="ASSIGNED")
    seen = observation(
        "19",
        codes.OBSERVATION,
        told(words, codes.MEDDRA, xsi="CE"),
        node("performer", reporter, typeCode="PRF"),
    )
    return node("inboundRelationship", seen, typeCode="RSON")


def _action() -> Element:
    action = node("act", code(codes.UNKNOWN_ACTION, codes.ACTION_TAKEN),
                  classCode="ACT", moodCode="EVN")  # fmt: skip
    return node("inboundRelationship", action, typeCode="CAUS")


def _other(row: Row, number: int) -> Element:
    name = row["code"] if row["code_system"] == "NAME" else f"{row['code_system']} {row['code']}"
    dosage = node(
        "substanceAdministration",
        _times(moment("low", None, row["started_on"]), moment("high", None, row["ended_on"])),
        told(row["route"], codes.ROUTE, "routeCode") if row["route"] else None,
        classCode="SBADM",
        moodCode="EVN",
    )
    return _administration(
        number, name, node("outboundRelationship2", dosage, typeCode="COMP"), _action()
    )
