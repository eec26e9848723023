"""What bad files get: one clear line and the right exit code, or the line in quarantine."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from ingested import INFUSION, PATIENT, ingested, ledger, rows, source, write_parquet

from pipeline.errors import ConfigError, InputError
from pipeline.ingest import unpack

UNREADABLE = "SELECT source_row, reason FROM quarantine.unreadable ORDER BY source_row"
HEADER = "infusion_id,patient_id,started_at,product_code,ward_id\n"


def infusions(count: int, *, ward: str = "w") -> list[str]:
    return [f"i{n},p1,2025-01-01,PRIVIGEN,{ward}\n" for n in range(1, count + 1)]


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        ingested(folder)
    assert caught.value.exit_code == 10
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "infusion.csv: is empty" in refused(source(tmp_path, {"infusion.csv": ""}))


def test_a_file_of_blank_lines_is_empty(tmp_path: Path) -> None:
    assert "infusion.csv: is empty" in refused(source(tmp_path, {"infusion.csv": "\r\n\n\r\n"}))


@pytest.mark.parametrize("end", ["\n", "", "\r\n"])
def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path, end: str) -> None:
    con = ingested(source(tmp_path, {"infusion.csv": HEADER.strip() + end}))
    assert rows(con, "SELECT * FROM mapped.infusion") == []
    assert ledger(con, "infusion.csv") == (0, 0, 0, 0)


def test_a_missing_required_column_is_named_with_what_comes_close(tmp_path: Path) -> None:
    text = INFUSION.replace("patient_id", "Patient ID")
    said = refused(source(tmp_path, {"infusion.csv": text}))
    assert "infusion.csv: column patient_id is missing. Did you mean 'Patient ID'?" in said


def test_a_file_without_header_shows_none_of_its_values(tmp_path: Path) -> None:
    said = refused(source(tmp_path, {"infusion.csv": "i1,patient_7,2025-01-01,PRIVIGEN\n"}))
    assert "patient_7" not in said


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    con = ingested(source(tmp_path, {"infusion.csv": INFUSION.replace(",", delimiter)}))
    assert rows(con, "SELECT dose_g FROM mapped.infusion ORDER BY 1") == [("30.5",), ("40",)]
    found = rows(con, "SELECT delimiter, origin FROM audit.input_file WHERE record = 'infusion'")
    assert found == [(delimiter, "detected")]


def test_a_wrong_delimiter_in_the_configuration_is_a_missing_column(tmp_path: Path) -> None:
    folder = source(tmp_path, {"audit.toml": '[csv]\ndelimiter = ";"\n'})
    assert "column infusion_id is missing" in refused(folder)


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_an_encoding_is_found_and_said(tmp_path: Path, encoding: str, named: str) -> None:
    text = HEADER + "".join(infusions(3, ward="Hôpital Süd"))
    con = ingested(source(tmp_path, {"infusion.csv": text.encode(encoding)}))
    assert rows(con, "SELECT DISTINCT ward_id FROM mapped.infusion") == [("Hôpital Süd",)]
    found = rows(con, "SELECT encoding, origin FROM audit.input_file WHERE record = 'infusion'")
    assert found == [(named, "detected")]


def test_latin_1_with_control_characters_is_not_taken_for_cp1252(tmp_path: Path) -> None:
    text = HEADER + "".join(infusions(1, ward="S\x81üd"))
    con = ingested(source(tmp_path, {"infusion.csv": text.encode("latin-1")}))
    assert rows(con, "SELECT ward_id FROM mapped.infusion") == [("S\x81üd",)]


def test_one_badly_encoded_line_among_good_ones_is_one_unreadable_line(tmp_path: Path) -> None:
    lines = [line.encode() for line in infusions(9, ward="Süd")]
    lines[3] = lines[3].replace("ü".encode(), b"\xfc")
    con = ingested(source(tmp_path, {"infusion.csv": HEADER.encode() + b"".join(lines)}))
    assert rows(con, UNREADABLE) == [(4, "encoding")]
    assert ledger(con, "infusion.csv") == (9, 8, 0, 1)


def test_bytes_a_told_encoding_does_not_know_are_unreadable(tmp_path: Path) -> None:
    lines = [line.encode() for line in infusions(3)]
    lines[1] = lines[1].replace(b"w\n", b"\x81\n")
    files: dict[str, str | bytes] = {
        "infusion.csv": HEADER.encode() + b"".join(lines),
        "audit.toml": '[csv]\nencoding = "cp1252"\n',
    }
    con = ingested(source(tmp_path, files))
    assert rows(con, UNREADABLE) == [(2, "encoding")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_are_understood(tmp_path: Path, end: str) -> None:
    con = ingested(source(tmp_path, {"infusion.csv": INFUSION.replace("\n", end).encode()}))
    found = rows(con, "SELECT source_row, dose_g FROM mapped.infusion ORDER BY 1")
    assert found == [(1, "40"), (2, "30.5")]


def test_mixed_line_ends_lose_nothing(tmp_path: Path) -> None:
    text = HEADER + "".join(infusions(5)).replace("\n", "\r\n", 2)
    con = ingested(source(tmp_path, {"infusion.csv": text.encode()}))
    assert ledger(con, "infusion.csv") == (5, 5, 0, 0)
    assert rows(con, "SELECT DISTINCT ward_id FROM mapped.infusion") == [("w",)]


def test_an_open_quote_in_line_2_of_1000_costs_that_line(tmp_path: Path) -> None:
    lines = infusions(1000)
    lines[0] = lines[0].replace("w", '"w')
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(1, "open_quote")]
    assert ledger(con, "infusion.csv") == (1000, 999, 0, 1)
    found = rows(
        con, "SELECT MIN(source_row), MAX(source_row), MAX(infusion_id) FROM mapped.infusion"
    )
    assert found == [(2, 1000, "i999")]


def test_an_open_quote_among_quoted_cells_costs_that_line(tmp_path: Path) -> None:
    lines = infusions(100, ward='"a ""b"", c"')
    lines[49] = 'i50,p1,2025-01-01,PRIVIGEN,"a\n'
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(50, "open_quote")]
    assert rows(con, "SELECT DISTINCT ward_id FROM mapped.infusion") == [('a "b", c',)]


def test_two_open_quotes_do_not_swallow_the_records_between_them(tmp_path: Path) -> None:
    lines = infusions(10)
    lines[1] = 'i2,p1,2025-01-01,PRIVIGEN,"w\n'
    lines[5] = 'i6,p1,2025-01-01,PRIVIGEN,w"\n'
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert (2, "open_quote") in rows(con, UNREADABLE)
    kept = {row[0] for row in rows(con, "SELECT source_row FROM mapped.infusion")}
    assert {1, 3, 4, 5, 7, 8, 9, 10} <= kept


def test_a_cell_over_several_lines_is_one_record(tmp_path: Path) -> None:
    lines = infusions(3)
    lines[1] = 'i2,p1,2025-01-01,PRIVIGEN,"ward\none, ""left""\nwing"\n'
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    found = rows(con, "SELECT source_row, ward_id FROM mapped.infusion ORDER BY 1")
    assert found == [(1, "w"), (2, 'ward\none, "left"\nwing'), (3, "w")]


def test_ragged_rows_are_unreadable_one_by_one(tmp_path: Path) -> None:
    lines = infusions(6)
    lines[1] = "i2,p1,2025-01-01,PRIVIGEN\n"
    lines[3] = "i4,p1,2025-01-01,PRIVIGEN,w,x\n"
    lines[4] = 'i5,p1,2025-01-01,"PRIVIGEN"\n'
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(2, "ragged"), (4, "ragged"), (5, "ragged")]
    assert ledger(con, "infusion.csv") == (6, 3, 0, 3)


def test_a_last_line_cut_short_is_unreadable(tmp_path: Path) -> None:
    text = HEADER + "".join(infusions(3))
    con = ingested(source(tmp_path, {"infusion.csv": text[:-14]}))
    assert rows(con, UNREADABLE) == [(3, "ragged")]


def test_text_after_a_closing_quote_is_unreadable(tmp_path: Path) -> None:
    lines = infusions(3)
    lines[1] = 'i2,p1,2025-01-01,PRIVIGEN,"w"w\n'
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(2, "quote")]


def test_a_nul_byte_costs_its_line(tmp_path: Path) -> None:
    lines = infusions(5)
    lines[2] = lines[2].replace("w", "w\0")
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(3, "nul_byte")]
    shown = rows(con, "SELECT original_text FROM quarantine.unreadable")
    assert shown == [("i3,p1,2025-01-01,PRIVIGEN,w\\x00",)]


@pytest.mark.parametrize("size", [1_000_001, 3_000_000, 10_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_huge_cell_costs_its_line(tmp_path: Path, size: int, quote: str) -> None:
    lines = infusions(5)
    lines[2] = lines[2].replace("w", quote + "w" * size + quote)
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert rows(con, UNREADABLE) == [(3, "cell_too_long")]
    assert rows(con, "SELECT LENGTH(original_text) FROM quarantine.unreadable") == [(10_000,)]
    assert ledger(con, "infusion.csv") == (5, 4, 0, 1)


def test_the_longest_cell_allowed_is_read(tmp_path: Path) -> None:
    lines = infusions(3, ward="w" * 1_000_000)
    con = ingested(source(tmp_path, {"infusion.csv": HEADER + "".join(lines)}))
    assert ledger(con, "infusion.csv") == (3, 3, 0, 0)


def test_blank_lines_are_no_records_and_take_no_number(tmp_path: Path) -> None:
    text = HEADER + "\n" + "\r\n".join(line.strip() for line in infusions(3)) + "\n\n"
    con = ingested(source(tmp_path, {"infusion.csv": text.encode()}))
    assert rows(con, "SELECT source_row FROM mapped.infusion ORDER BY 1") == [(1,), (2,), (3,)]
    assert ledger(con, "infusion.csv") == (3, 3, 0, 0)


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    text = "patient_id,sex,Patient_ID\np1,F,p2\n"
    assert "columns 1 and 3 have the same name" in refused(source(tmp_path, {"patient.csv": text}))


def test_a_parquet_file_cut_in_half_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.bin"
    write_parquet(whole, "SELECT 'p' || range AS patient_id FROM range(1000)")
    content = whole.read_bytes()
    folder = source(tmp_path / "source", {"patient.parquet": content[: len(content) // 2]})
    (folder / "patient.csv").unlink()
    assert "patient.parquet: is not a whole Parquet file" in refused(folder)


@pytest.mark.parametrize("content", [gzip.compress(INFUSION.encode())[:-20], b"no gzip at all"])
def test_damaged_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = source(tmp_path, {"infusion.csv.gz": content})
    (folder / "infusion.csv").unlink()
    assert "infusion.csv.gz: is not a whole gzip file" in refused(folder)


def test_gzip_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "RATIO_FROM_BYTES", 1000)
    text = HEADER + "".join(infusions(1)) * 100_000
    folder = source(tmp_path, {"infusion.csv.gz": gzip.compress(text.encode())})
    (folder / "infusion.csv").unlink()
    assert "infusion.csv.gz: unpacks to more than" in refused(folder)


@pytest.mark.parametrize(
    ("patient_id", "kind"),
    [
        ("range % 2", "numbers"),  # ten million rows, packed to a few thousand bytes
        ("NULL::INTEGER", "nothing"),
        ("REPEAT('p', 1000 + (range % 2)::INTEGER)", "text"),  # two words, again and again
    ],
)
def test_parquet_that_swells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient_id: str, kind: str
) -> None:
    monkeypatch.setattr(unpack, "RATIO_FROM_BYTES", 100_000)
    monkeypatch.setattr(unpack, "MAX_RATIO", 100)
    folder = source(tmp_path)
    (folder / "patient.csv").unlink()
    n_rows = 20_000 if kind == "text" else 10_000_000
    write_parquet(
        folder / "patient.parquet", f"SELECT {patient_id} AS patient_id FROM RANGE({n_rows})"
    )
    assert (folder / "patient.parquet").stat().st_size < 100_000
    assert "patient.parquet: unpacks to more than" in refused(folder)


def test_parquet_of_many_like_cells_is_no_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "RATIO_FROM_BYTES", 1000)
    folder = source(tmp_path)
    (folder / "infusion.csv").unlink()
    write_parquet(
        folder / "infusion.parquet",
        "SELECT 'i' || range AS infusion_id, 'p1' AS patient_id, '2025-03-01' AS started_at,"
        " 'PRIVIGEN' AS product_code, 40 AS dose_g, NULL AS ward_id FROM RANGE(20000)",
    )
    assert rows(ingested(folder), "SELECT COUNT(*) FROM mapped.infusion") == [(20000,)]


def test_a_folder_without_a_record_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing here")
    assert "holds no record file" in refused(tmp_path)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "nowhere")


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "patient.csv"
    path.write_text(PATIENT)
    assert "is a file" in refused(path)


@pytest.mark.parametrize(
    ("missing", "said"),
    [("patient.csv", "patient is missing"), ("infusion.csv", "one of infusion and dispensing")],
)
def test_records_that_must_be_supplied(tmp_path: Path, missing: str, said: str) -> None:
    folder = source(tmp_path)
    (folder / missing).unlink()
    (folder / "vaccination.csv").write_text("patient_id,vaccine_code,given_on\n")
    assert said in refused(folder)


def test_one_part_in_two_formats_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path, {"infusion.csv.gz": gzip.compress(INFUSION.encode())})
    assert "are the same part twice" in refused(folder)


@pytest.mark.parametrize("pattern", ["../infusion.csv", "/etc/*.csv", "a/../../*.csv", "C:\\x.csv"])
def test_a_glob_that_leaves_the_folder_is_refused(tmp_path: Path, pattern: str) -> None:
    folder = source(tmp_path / "in", {"audit.toml": f"[files]\ninfusion = '{pattern}'\n"})
    with pytest.raises(ConfigError, match=r"files\.infusion must name files inside"):
        ingested(folder)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(INFUSION)
    folder = source(tmp_path / "in", {"audit.toml": '[files]\ninfusion = "linked*.csv"\n'})
    (folder / "linked.csv").symlink_to(outside)
    with pytest.raises(ConfigError, match="leaves the source folder"):
        ingested(folder)


def test_a_glob_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    folder = source(tmp_path, {"audit.toml": '[files]\ninfusion = "infusions_*.csv"\n'})
    assert "no file matches files.infusion" in refused(folder)
