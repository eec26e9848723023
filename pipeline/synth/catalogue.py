"""Say what the synthetic hospital treats, with which products, and how often.

Invented for testing: shares and ranges here describe no hospital and are no guidance. The
regimens follow the default guideline set by name, so that records without defects hold no
finding; products and vial sizes are those printed in the labels (docs/synthetic-data.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Course = Literal["replacement", "monthly", "acute"]


@dataclass(frozen=True)
class Regimen:
    """One way a use is dosed: grams per kg a day, on so many days, as often as its share."""

    days: int
    low_g_per_kg: float
    high_g_per_kg: float
    share: float = 1.0


@dataclass(frozen=True)
class Use:
    """One use of immunoglobulin in the synthetic hospital."""

    indication_code: str
    share: float
    ages: tuple[int, int]
    female_share: float
    pattern: Course
    regimens: tuple[Regimen, ...]
    cycles: tuple[int, int]
    jitters: tuple[int, int]
    courses: tuple[int, int]
    diagnosis_codes: tuple[str, ...]
    ward: str
    is_code_decisive: bool = False


_ONE_GRAM = Regimen(1, 1.0, 1.0)
_TWO_DAYS = Regimen(2, 1.0, 1.0)
_FOUR_DAYS = Regimen(4, 0.5, 0.5)
_FIVE_DAYS = Regimen(5, 0.4, 0.4)

USES = (
    Use("pid", 0.215, (2, 75), 0.55, "replacement", (Regimen(1, 0.36, 0.50),), (21, 28), (-1, 1),
        (6, 96), ("D83.9", "D80.0", "D83.0"), "IMM", is_code_decisive=True),
    Use("sid", 0.20, (45, 85), 0.45, "replacement", (Regimen(1, 0.30, 0.40),), (28, 28), (-1, 1),
        (4, 26), ("C91.10", "C90.00", "D84.81"), "HAE"),
    Use("cidp", 0.095, (25, 80), 0.35, "monthly", (_TWO_DAYS, _FOUR_DAYS, _FIVE_DAYS), (29, 30),
        (0, 1), (4, 20), ("G61.81",), "NEU", is_code_decisive=True),
    Use("mmn", 0.03, (25, 70), 0.30, "monthly", (Regimen(2, 0.8, 1.0), _FOUR_DAYS), (28, 35),
        (0, 1), (6, 24), ("G61.82",), "NEU"),
    Use("itp_adult", 0.14, (19, 80), 0.60, "acute", (_ONE_GRAM, _TWO_DAYS, _FIVE_DAYS), (35, 120),
        (-2, 2), (1, 3), ("D69.3",), "HAE"),
    Use("itp_child", 0.055, (1, 14), 0.50, "acute", (_ONE_GRAM, _TWO_DAYS), (35, 90),
        (-2, 2), (1, 2), ("D69.3",), "PED"),
    Use("kawasaki", 0.06, (1, 6), 0.40, "acute", (Regimen(1, 2.0, 2.0),), (90, 90), (0, 0),
        (1, 1), ("M30.3",), "PED", is_code_decisive=True),
    Use("gbs", 0.06, (18, 80), 0.42, "acute", (_FIVE_DAYS,), (90, 90), (0, 0), (1, 1),
        ("G61.0",), "NEU"),
    Use("mg", 0.07, (20, 80), 0.58, "monthly", (_FIVE_DAYS, _TWO_DAYS), (28, 42), (0, 2),
        (1, 8), ("G70.00", "G70.01"), "NEU"),
    Use("dermatomyositis", 0.03, (20, 70), 0.66, "monthly", (_TWO_DAYS, _FOUR_DAYS, _FIVE_DAYS),
        (29, 30), (0, 1), (2, 10), ("M33.10", "M33.90"), "RHE"),
    Use("pemphigus_vulgaris", 0.02, (30, 75), 0.55, "monthly", (_FIVE_DAYS, _FOUR_DAYS),
        (29, 30), (0, 1), (4, 9), ("L10.0",), "DER"),
    Use("aiha", 0.025, (20, 85), 0.55, "acute", (_FIVE_DAYS, _TWO_DAYS), (40, 90), (0, 3),
        (1, 2), ("D59.10",), "HAE"),
)  # fmt: skip


@dataclass(frozen=True)
class Product:
    """One product the pharmacy stocks."""

    product_code: str
    concentration_g_per_l: int
    share: float
    smallest_day_g: float
    grain_g: float


# The smallest day's dose each can be made up to without waste, by the vials it comes in, and
# the step in which a smaller dose can be made up all the same.
PRODUCTS = (
    Product("Privigen", 100, 0.30, 25, 2.5),
    Product("Gammagard Liquid", 100, 0.15, 10, 1),
    Product("Octagam 10 %", 100, 0.17, 50, 5),
    Product("Kiovig", 100, 0.20, 10, 1),
    Product("Panzyga", 100, 0.13, 10, 1),
    Product("Flebogamma DIF 5 %", 50, 0.05, 0, 0.5),
)
MALTOSE_PRODUCT = 2  # Octagam 10 %
SPARE_PRODUCT = 3  # Kiovig, kept in small vials
SMALLEST_PRODUCT = 5  # Flebogamma DIF 5 %, kept in vials of half a gram

# Doses are made up in these steps from these grams a day, so that rounding moves a dose by
# at most a twentieth.
GRAIN_FROM_G = (0.0, 10.0, 25.0, 50.0)
GRAIN_G = (0.5, 1.0, 2.5, 5.0)
VIALS_G = (10.0, 5.0, 2.5, 1.0, 0.5)

OLD_CODES_OF_CHILDREN = ("J45.909", "H66.90", "L20.9")
OLD_CODES = ("I10", "E03.9", "J45.909", "D83.9", "M06.9", "C50.919", "K21.9", "F32.9")


@dataclass(frozen=True)
class Risk:
    """A diagnosis that forbids some of the products the pharmacy stocks."""

    code: str
    share: float
    never_products: tuple[int, ...]
    is_of_adults: bool


# Renal failure (no stocked product holds sucrose), hyperprolinaemia (Privigen is stabilised with
# proline), hereditary fructose intolerance (Flebogamma with sorbitol) and diabetes (Octagam with
# maltose).
RISKS = (
    Risk("N18.30", 0.02, (), is_of_adults=True),
    Risk("E72.59", 0.006, (0,), is_of_adults=False),
    Risk("E74.12", 0.006, (5,), is_of_adults=False),
    Risk("E11.9", 0.08, (2,), is_of_adults=True),
)

# About the middle of a growth chart, by age in years.
GROWTH_YEARS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 18.0)
GROWTH_KG = (3.4, 7.8, 9.6, 12.2, 14.3, 16.3, 18.4, 23.0, 28.5, 36.0, 45.0, 55.0, 64.0)
GROWTH_CM = (50.0, 67.0, 76.0, 87.0, 95.0, 102.0, 109.0, 121.0, 133.0, 144.0, 156.0, 165.0, 170.0)
