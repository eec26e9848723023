"""Whatever the cells hold and whichever lines are damaged, no clean record is lost or changed."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from unittest.mock import patch

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from ingested import PATIENT, ingested, ledger, rows, source

from pipeline.ingest import scan as of_scan
from pipeline.ingest.careful import Record, Shape, Unreadable, read_carefully

COLUMNS = ("infusion_id", "patient_id", "started_at", "product_code", "ward_id")
SHAPE = Shape(len(COLUMNS), b",", b'"')
DAMAGE = {
    "ragged": "x{n},p,d\n",
    "open_quote": 'x{n},p,d,c,"w\n',
    "quote": 'x{n},p,d,c,"w"w\n',
    "nul_byte": "x{n},p,d,c,w\0\n",
}

# Too short to hold a whole record on a line of its own, which would be taken for one.
cell = st.text(st.sampled_from("ab ,;\"\n\r'é\\#"), max_size=5)
record = st.tuples(*[cell] * len(COLUMNS)).filter(lambda cells: any(cell.strip() for cell in cells))
kinds = st.lists(st.sampled_from(["clean", "quoted", *DAMAGE]), min_size=1, max_size=60)


@settings(max_examples=examples(25))
@given(st.lists(record, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_wrote_is_read_back(written: list[tuple[str, ...]], end: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([COLUMNS, *written])
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, str | bytes] = {
            "patient.csv": PATIENT,
            "infusion.csv": text.getvalue().encode(),
        }
        con = ingested(source(Path(folder), files))
        found = rows(con, f"SELECT {', '.join(COLUMNS)} FROM mapped.infusion ORDER BY source_row")
        unreadable = ledger(con, "infusion.csv")[3]
    assert unreadable == 0
    assert [tuple(map(plain, cells)) for cells in found] == [
        tuple(map(plain, cells)) for cells in written
    ]


def plain(text: str | None) -> str:
    """Return a cell with line feeds for line ends: how a cell's lines end is not kept."""
    return re.sub(r"\r*\n|\r", "\n", text or "")


@settings(max_examples=examples(150))
@given(kinds)
def test_damaged_lines_cost_themselves_and_nothing_else(told: list[str]) -> None:
    forms = DAMAGE | {"clean": "x{n},p,d,c,w\n", "quoted": 'x{n},p,d,"c, ""c""",w\n'}
    text = ",".join(COLUMNS) + "\n"
    text += "".join(forms[kind].format(n=n) for n, kind in enumerate(told, start=1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "infusion.csv"
        path.write_text(text, encoding="utf-8", newline="")
        found = list(read_carefully(path, SHAPE))
    assert [line.source_row for line in found] == list(range(1, len(told) + 1))
    for kind, line in zip(told, found, strict=True):
        if kind in DAMAGE:
            assert isinstance(line, Unreadable)
            assert line.reason == kind
        else:
            assert isinstance(line, Record)
            assert line.text.strip(b'"').startswith(b"x%d" % line.source_row)


marked = st.text(st.sampled_from('ab  ,;|\t\n\r"'), min_size=1, max_size=20)
plain_text = st.text(st.sampled_from("ab  ,;|\n"), min_size=1, max_size=20)


@settings(max_examples=examples(300))
@given(st.one_of(marked, plain_text), st.integers(1, 7))
def test_a_file_is_tight_when_no_cell_has_a_blank_at_its_edge(text: str, block: int) -> None:
    cells = re.split(r"[,;|\n]", text)
    is_sure = not set(text) & set('\t\r"')
    with tempfile.TemporaryDirectory() as folder, patch.object(of_scan, "BLOCK", block):
        path = Path(folder) / "cells.csv"
        path.write_bytes(text.encode())
        found = of_scan.scan(path).is_tight
    assert found == (is_sure and all(cell == cell.strip(" ") for cell in cells))
