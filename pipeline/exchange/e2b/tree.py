"""Build XML elements; what comes from records is escaped by the library, never by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Comment, Element, indent, tostring

from pipeline.exchange.target import written

Part = Element | None
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HL7 = "urn:hl7-org:v3"


def node(tag: str, *parts: Part, text: str | None = None, **attributes: str | None) -> Element:
    """Return an element; `xsi` is its xsi:type, and what is None is left out."""
    named = {"xsi:type" if name == "xsi" else name: value for name, value in attributes.items()}
    element = Element(tag, {name: written(value) for name, value in named.items() if value})
    element.text = None if text is None else written(text)
    element.extend(part for part in parts if part is not None)
    return element


def code(value: str, system: str, tag: str = "code", **more: str | None) -> Element:
    """Return a coded element."""
    return node(tag, code=value, codeSystem=system, **more)


def told(text: str, system: str | None, tag: str = "value", **more: str | None) -> Element:
    """Return a coded element without a code: the words alone, for a human to code.

    The guide allows no null flavour there, and readers look for the words beside the code system.
    """
    return node(tag, node("originalText", text=text), codeSystem=system, **more)


def flag(value: bool | None) -> Element:  # noqa: FBT001 - what is written is the flag
    """Return a yes or no; None is no information."""
    if value is None:
        return node("value", xsi="BL", nullFlavor="NI")
    return node("value", xsi="BL", value="true" if value else "false")


def moment(tag: str, at: datetime | None, on: date | None, unknown: str | None = None) -> Part:
    """Return an instant in UTC, else a day; else nothing, or why there is nothing."""
    if at is not None:
        return node(tag, value=f"{at:%Y%m%d%H%M}+0000")
    if on is not None:
        return node(tag, value=f"{on:%Y%m%d}")
    return None if unknown is None else node(tag, nullFlavor=unknown)


def amount(tag: str, value: Decimal | int, unit: str, **more: str | None) -> Element:
    """Return a quantity, without zeros that say nothing."""
    plain = f"{value:f}"
    short = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return node(tag, value=short, unit=unit, **more)


def observation(number: str, system: str, *parts: Part) -> Element:
    """Return an observation with its code."""
    return node("observation", code(number, system), *parts, classCode="OBS", moodCode="EVN")


def document(root: Element, notice: str) -> bytes:
    """Return the document as bytes, with a notice (our own words only) at its top."""
    root.set("xmlns", _HL7)
    root.set("xmlns:xsi", _XSI)
    indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    comment = tostring(Comment(f" {notice} "), encoding="unicode")
    body = tostring(root, encoding="unicode")
    return f"{head}{comment}\n{body}\n".encode()
