"""The contract as text, page and template."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline import contract as contracts
from schemas import RECORDS, contract, contract_columns

PAGE = Path(__file__).parents[2] / "docs" / "generated" / "record-contract.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8").endswith(contracts.as_markdown())


def test_the_page_tells_every_column_of_every_record() -> None:
    page = contracts.as_markdown()
    for record in RECORDS:
        section = page.split(f"## `{record}`\n")[1].split("\n## ")[0]
        for column in contract(record).columns:
            mark = "**" if column.required else ""
            assert f"| {mark}{column.name}{mark} | " in section


def test_the_text_names_unit_and_allowed_words() -> None:
    text = contracts.as_text("body_measurement")
    assert "* measured_at" in text
    assert "decimal(9,3) kg" in text
    assert "[actual ideal adjusted unknown]" in contracts.as_text("infusion")
    assert all(f"\n{record}\n" in f"\n{contracts.as_text()}" for record in RECORDS)


@pytest.mark.parametrize("record", RECORDS)
def test_a_template_is_a_header_and_nothing_else(record: str) -> None:
    (header,) = csv.reader([contracts.template(record)])
    assert header == list(contract_columns(record))
