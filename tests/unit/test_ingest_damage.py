"""Damages that torture found, one by one: what they cost, and what proves a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingested import INFUSION, ingested, rows, source

from pipeline.config import load_settings
from pipeline.errors import InputError, QuarantineLimitError
from pipeline.ingest import ingest, parquet
from pipeline.store import open_store

UNREADABLE = "SELECT source_row, reason FROM quarantine.unreadable ORDER BY source_row"
HEADER = "infusion_id,patient_id,started_at,product_code,ward_id\n"


def line(number: int, ward: str = "w") -> str:
    return f"i{number},p1,2025-01-01,PRIVIGEN,{ward}\n"


def test_a_line_in_utf_16_at_the_end_of_a_short_file_costs_that_line(tmp_path: Path) -> None:
    text = (HEADER + line(1)).encode() + (line(2) * 3).strip().encode("utf-16-le")
    con = ingested(source(tmp_path, {"infusion.csv": text}))
    assert rows(con, "SELECT infusion_id FROM mapped.infusion") == [("i1",)]
    assert {reason for _, reason in rows(con, UNREADABLE)} == {"nul_byte"}


def test_of_two_lines_beyond_ascii_the_damaged_one_does_not_decide(tmp_path: Path) -> None:
    text = (HEADER + line(1, "Süd")).encode() + line(2).encode().replace(b"w", b"\xff")
    con = ingested(source(tmp_path, {"infusion.csv": text}))
    assert rows(con, "SELECT ward_id FROM mapped.infusion") == [("Süd",)]
    assert rows(con, UNREADABLE) == [(2, "encoding")]


@pytest.mark.parametrize(("limit", "is_refused"), [("0.49", True), ("0.5", False)])
def test_too_many_lines_that_are_no_records_end_the_run(
    tmp_path: Path, limit: str, *, is_refused: bool
) -> None:
    lines = HEADER + line(1) + "i2,p1\n" + line(3) + 'i4,"p1\n'
    folder = source(tmp_path, {"infusion.csv": lines})
    settings = load_settings(folder, overrides={"max_quarantine": limit})
    if not is_refused:
        ingest(open_store(), settings)
        return
    with pytest.raises(QuarantineLimitError) as caught:
        ingest(open_store(), settings)
    assert str(caught.value).startswith(
        "infusion.csv: 2 of 4 lines are no records, most of them for open_quote; limit 49 %."
    )


def as_parquet(folder: Path, *, write_page_checksum: bool) -> Path:
    """Write the patients as Parquet, uncompressed, so that a value can be found in the bytes."""
    told = source(folder, {"infusion.csv": INFUSION})
    (told / "patient.csv").unlink()
    table = pa.table({"patient_id": ["p1", "p2"], "sex": ["F", "M"]})
    pq.write_table(
        table, told / "patient.parquet", compression="none", use_dictionary=False,
        write_page_checksum=write_page_checksum,
    )  # fmt: skip
    return told


def change(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new))


@pytest.mark.parametrize(("has_checksums", "proof"), [(True, "page checksums"), (False, None)])
def test_page_checksums_are_held_against_the_pages(
    tmp_path: Path, proof: str | None, *, has_checksums: bool
) -> None:
    folder = as_parquet(tmp_path, write_page_checksum=has_checksums)
    query = "SELECT proof FROM audit.input_file WHERE record = 'patient'"
    assert rows(ingested(folder), query) == [(proof,)]
    change(folder / "patient.parquet", b"p1", b"q1")
    if has_checksums:
        with pytest.raises(InputError, match="is not a whole Parquet file"):
            ingested(folder)
    else:  # Parquet alone cannot tell
        assert rows(ingested(folder), "SELECT patient_id FROM mapped.patient") == [("q1",), ("p2",)]


@pytest.mark.parametrize("error", [duckdb.InvalidInputException, RuntimeError, MemoryError])
def test_whatever_the_reader_raises_on_a_damaged_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails(*_: object) -> None:
        raise error("p1")

    monkeypatch.setattr(parquet, "_read_parquet", fails)
    with pytest.raises(InputError) as caught:
        ingested(as_parquet(tmp_path, write_page_checksum=False))
    assert "p1" not in str(caught.value)


def test_a_full_disk_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise duckdb.IOException("Could not write: No space left on device")

    monkeypatch.setattr(parquet, "_read_parquet", fails)
    with pytest.raises(duckdb.IOException):
        ingested(as_parquet(tmp_path, write_page_checksum=False))


def sums(folder: Path) -> str:
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.*"))
    )


def test_files_that_are_as_their_digests_say_are_proven(tmp_path: Path) -> None:
    folder = as_parquet(tmp_path, write_page_checksum=False)
    (folder / "SHA256SUMS").write_text(sums(folder))
    found = rows(ingested(folder), "SELECT DISTINCT proof FROM audit.input_file")
    assert found == [("SHA256SUMS",)]


def _flip(folder: Path) -> None:
    change(folder / "patient.parquet", b"p1", b"q1")


def _forget(folder: Path) -> None:
    text = (folder / "SHA256SUMS").read_text().splitlines(keepends=True)
    (folder / "SHA256SUMS").write_text("".join(line for line in text if "patient" not in line))


def _lose(folder: Path) -> None:
    (folder / "infusion.csv").rename(folder / "infusion.two.csv")


def _scribble(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text("hello\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_flip, "patient.parquet: is not the file that SHA256SUMS names"),
        (_forget, "patient.parquet: SHA256SUMS does not name it"),
        (_lose, "SHA256SUMS: names 1 files that are not there"),
        (_scribble, "SHA256SUMS: some line is not a digest and a name"),
    ],
)
def test_files_that_are_not_as_their_digests_say_are_refused(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    folder = as_parquet(tmp_path, write_page_checksum=False)
    (folder / "SHA256SUMS").write_text(sums(folder))
    spoil(folder)
    with pytest.raises(InputError, match=said):
        ingested(folder)
