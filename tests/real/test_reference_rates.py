"""Every rate of the safety reference stands in `products/rate_limit.csv`, or is left out aloud.

The reference lies beside the checkout (`../shared/reference/safety.yaml`); where it does not,
this is skipped aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.infusion_rate import InfusionRateRule

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference" / "safety.yaml"
Row = dict[str, Any]
RATES = "products/rate_limit.csv"
USES = {
    "PI": ("pid",),
    "ITP": ("itp_adult", "itp_child"),
    "CIDP": ("cidp",),
    "MMN": ("mmn",),
    "DM": ("dermatomyositis",),
}
# Figures that stand in another cell's words: product, region, what, tier, unit, value, where.
IN_WORDS = {
    ("octagam_5", "US", "maximum", "general", "ml/kg/h", "4"): "rate_note",
    ("octagam_5", "EU", "maximum", "general", "ml/kg/h", "5"): "rate_note",
    ("octagam_10", "EU", "initial", "general", "ml/kg/min", "0.01"): "OCT_EU",
    ("octagam_10", "EU", "maximum", "general", "ml/kg/min", "0.12"): "OCT_EU",
    ("octagam_10", "EU", "maximum", "general", "ml/kg/h", "7.2"): "OCT_INTL",
    ("octagam_10", "US", "step", "general", None, "30"): "OCT10_US",
    ("gammaplex_5", "US", "step", "general", None, "15"): "GPX5_SITE",
    ("bivigam", "US", "initial", "general", "mg/kg/min", "10"): "BIVI_DM",
    ("bivigam", "US", "step", "general", "mg/kg/min", "0.8"): "step",
    ("qivigy", "US", "initial", "later", "mg/kg/min", "2"): "step",
    ("qivigy", "US", "step", "first", None, "30"): "step",
    ("qivigy", "US", "step", "later", None, "15"): "step",
}
# Cells whose figure is no limit of the product, with the reason.
NO_LIMIT = {
    ("carimune_nf", "sucrose_cap_mg_kg_min"): "milligrams of sucrose, not of immunoglobulin",
    ("panzyga", "rate_history"): "an earlier label, without the days it was valid",
}
# A cell in milligrams that another region's printed figure was turned into.
READ_ELSEWHERE = {
    ("flebogamma_5", "max_rate_mg_kg_min.PI"): "EU",
    ("kiovig", "initial_rate_mg_kg_min"): "EU",
    ("kiovig", "max_rate_mg_kg_min.PI"): "EU",
    ("iqymune", "initial_rate_mg_kg_min"): "EU",
    ("iqymune", "max_rate_mg_kg_min.PI"): "EU",
}
WITHOUT_A_RATE = {
    "gammagard_sd", "yimmugo", "intragam10", "gammagard_liquid_erc", "intratect_5", "intratect_10",
    "ig_vena", "other_named",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not REFERENCE.is_file(), reason=f"{REFERENCE.name} is not there")


@cache
def reference() -> dict[str, Row]:
    """Return the products of the reference, by id."""
    told = yaml.safe_load(REFERENCE.read_text("utf-8"))
    return {row["id"]: row for row in told["products_iv"]}


@cache
def limits() -> tuple[Row, ...]:
    """Return the rows of our own file."""
    return tuple(read_library().codelists.of(RATES))


def cells(product: Row) -> Iterator[tuple[str, str | None, Any]]:
    """Yield every rate of a product: the path of its cell, its use and its figure."""
    for name in ("initial_rate_mg_kg_min", "max_rate_mg_kg_min"):
        told = product.get(name)
        if isinstance(told, dict):
            yield from ((f"{name}.{use}", use, value) for use, value in told.items())
        elif told is not None:
            yield name, None, told
    if product.get("max_rate_at_risk"):
        yield "max_rate_at_risk", None, product["max_rate_at_risk"]
    for name, told in product.items():
        if name.startswith("rates_"):
            yield from ((f"{name}.{key}", None, value) for key, value in told.items())


CELLS = [
    pytest.param(product_id, path, use, value, id=f"{product_id} {path}")
    for product_id, product in (reference().items() if REFERENCE.is_file() else ())
    for path, use, value in cells(product)
    if not path.endswith(".src")
]


@pytest.mark.parametrize(("product_id", "path", "use", "value"), CELLS)
def test_every_rate_of_the_reference_is_ours_or_left_out(
    product_id: str, path: str, use: str | None, value: Any
) -> None:
    rows = [row for row in limits() if row["product_id"] == product_id]
    if path in reference()[product_id]["unverified_fields"]:
        what = "maximum" if path.startswith("max") else "initial"
        codes = USES[use] if use else ("any",)
        assert not [r for r in rows if r["what"] == what and r["indication_code"] in codes]
    elif path == "max_rate_at_risk":
        (found,) = [row for row in rows if row["tier"] == "at_risk"]
        assert (Decimal(found["value"]), found["comparator"]) == (
            Decimal(str(value["mg_kg_min"])),
            value["op"],
        )
    elif path.startswith("rates_"):
        assert printed(product_id, path, value, rows)
    else:
        assert in_milligrams(product_id, path, use, Decimal(str(value)), rows)


def in_milligrams(
    product_id: str, path: str, use: str | None, value: Decimal, rows: list[Row]
) -> bool:
    """Say whether the rows of the label hold a figure of mg/kg/min, in whatever unit."""
    region = READ_ELSEWHERE.get((product_id, path), "US")
    what = "maximum" if path.startswith("max") else "initial"
    codes = {"any"} if region == "EU" or use is None else {*USES[use]}
    found = [
        row
        for row in rows
        if (row["region"], row["what"]) == (region, what)
        and row["tier"] in ("general", "first")
        and row["indication_code"] in codes
    ]
    close = [row for row in found if abs(milligrams(row) - value) < Decimal("0.004")]
    return {row["indication_code"] for row in close} == codes


def printed(product_id: str, path: str, value: Any, rows: list[Row]) -> bool:
    """Say whether the rows hold a figure in the unit that was printed."""
    group, _, key = path.partition(".")
    unit = "ml/kg/min" if "mlkgmin" in group else "ml/kg/h"
    if key == "step_min":
        return any(row["what"] == "step" and row["minutes"] == str(value) for row in rows)
    figures = [Decimal(text) for text in re.findall(r"\d+(?:\.\d+)?", str(value))]
    minutes = {int(figures.pop())} if "min" in str(value) else {None}
    what = "initial" if key == "init" else "maximum"
    found = {
        (Decimal(row["value"]), int(row["minutes"]) if row["minutes"] else None)
        for row in rows
        if row["unit"] == unit and row["what"] == what
    }
    assert found, (product_id, path)
    return all((figures[-1], one) in found for one in minutes)


def milligrams(row: Row) -> Decimal:
    """Return a limit in mg/kg/min."""
    products = read_library().codelists.of("products/product.csv")
    (strength,) = [
        Decimal(one["concentration_g_per_l"] or 0)
        for one in products
        if one["product_id"] == row["product_id"]
    ]
    value = Decimal(row["value"])
    return {
        "mg/kg/min": value,
        "ml/kg/h": value * strength / 60,
        "ml/kg/min": value * strength,
    }[row["unit"]]


def test_every_row_of_ours_stands_in_the_reference() -> None:
    """A figure is a cell of the reference, or stands in its words at the place named."""
    for row in limits():
        product = reference()[row["product_id"]]
        value = row["value"] if row["value"] is not None else row["minutes"]
        key = (row["product_id"], row["region"], row["what"], row["tier"], row["unit"], value)
        if key in IN_WORDS:
            told = product.get(IN_WORDS[key]) or source_title(IN_WORDS[key])
            assert re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.]*\d)", told), key
            continue
        figures = {
            Decimal(text)
            for _, _, told in cells(product)
            for text in re.findall(r"\d+(?:\.\d+)?", str(told))
        }
        amount = Decimal(value)
        assert amount in figures or milligrams(row) in figures, key
    assert {row["status"] for row in limits()} == {"seen"}


def source_title(key: str) -> str:
    """Return the title of a source of the reference."""
    told = yaml.safe_load(REFERENCE.read_text("utf-8"))
    return str(told["sources"][key]["title"])


def test_what_is_no_limit_is_left_out_for_a_reason() -> None:
    for product_id, name in NO_LIMIT:
        assert reference()[product_id][name]


def test_products_without_a_rate_have_no_rule() -> None:
    ours = {row["product_id"] for row in limits()}
    assert {*reference()} - ours == WITHOUT_A_RATE
    ruled = {
        product
        for item in read_library().sets.values()
        for rule in item.rules
        if isinstance(rule, InfusionRateRule)
        for product in rule.products
    }
    assert ruled == ours
