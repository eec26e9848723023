"""Turn courses into bags and bottles, with their times, lots and dispensings."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from pipeline.synth.catalogue import PRODUCTS, SMALLEST_PRODUCT, USES, VIALS_G
from pipeline.synth.chance import Chance, Floats, Whole
from pipeline.synth.courses import KAWASAKI
from pipeline.synth.people import at_minute, coded, named
from pipeline.synth.rates import (
    CHANGE_BOTTLE_MIN,
    day_rates,
    first_bag_min,
    initial_ml_per_h,
    later_bag_min,
)
from pipeline.synth.scene import Scene

_TWO_BAGS_FROM_G = 40
_LOT_DAYS = 45  # how long the pharmacy draws on one lot of a product
_LOT_LIFE_DAYS = 730
_PATIENTS_PER_LOT = 3000
_UNLINKED_SHARE = 0.1
_DAY_BEFORE_SHARE = 0.1
_AFTERNOON_MIN = 13 * 60
PRODUCT_CODES = tuple(p.product_code for p in PRODUCTS)
_WARDS = tuple(u.ward for u in USES)
_USE_CODES = tuple(u.indication_code for u in USES)
INFUSION_BLOCK, DISPENSING_BLOCK, LOT_BLOCK, APPROVAL_BLOCK, EVENT_BLOCK = 1, 2, 3, 4, 5
_APPROVALS_PER_PATIENT = 128


def bags(courses: pl.DataFrame, last_day: int, chance: Chance) -> pl.DataFrame:
    """Return one row per bag or bottle given up to the last day, patients in order.

    A course that the end of the period cuts off loses the days after it.
    """
    days = _repeated(courses, courses["n_days"].to_numpy(), "day_no")
    days = days.with_columns(day=pl.col("start_day") + pl.col("day_no"))
    days = days.filter(pl.col("day") <= last_day)
    days = days.with_columns(*_day_times(days, chance), *day_rates(days, chance))
    given = _repeated(days, days["n_bags"].to_numpy(), "bag_no")
    given = given.with_columns(_bag())
    given = given.with_columns(_stopped(given, chance)).with_columns(_given_g())
    given = given.with_columns(*_times(), *_lots(given, chance))
    return given.with_row_index("row").with_columns(
        pl.col("row").cast(pl.Int64),
        pl.Series("infusion_id", named(np.arange(given.height), INFUSION_BLOCK, chance)),
        pl.Series("dispensing_id", named(np.arange(given.height), DISPENSING_BLOCK, chance)),
    )


def _repeated(frame: pl.DataFrame, times: Whole, number: str) -> pl.DataFrame:
    """Repeat each row so many times and count the repeats."""
    rows = np.repeat(np.arange(frame.height), times)
    first = np.repeat(np.cumsum(times) - times, times)
    return frame[rows].with_columns(pl.Series(number, np.arange(len(rows)) - first))


def _day_times(days: pl.DataFrame, chance: Chance) -> list[pl.Series]:
    """Return when each day's infusion starts and in how many bags it is given.

    Kawasaki disease: one infusion over 10 to 12 hours, often in two bottles and into the next
    morning.
    """
    patient, day = days["patient"].to_numpy(), days["day"].to_numpy()
    is_kawasaki = days["use"].to_numpy() == KAWASAKI
    start = 5 * chance.whole("start", 96, 132, patient, day)
    late = chance.happens("overnight", 0.5, patient)
    kawasaki_start = np.where(late, 20 * 60, start + 60)
    is_large = (days["day_g"] >= _TWO_BAGS_FROM_G).to_numpy()
    is_split = np.where(
        is_kawasaki,
        chance.happens("two bottles", 0.7, patient, day),
        is_large & chance.happens("two bags", 0.2, patient, day),
    )
    return [
        pl.Series("start_min", np.where(is_kawasaki, kawasaki_start, start)),
        pl.Series("n_bags", np.where(is_split, 2, 1)),
    ]


def _bag() -> pl.Expr:
    """Share the grams of a day between its bags, in whole vials."""
    first_g = (pl.col("day_g") / 2 / pl.col("grain_g")).floor() * pl.col("grain_g")
    two_g = pl.when(pl.col("bag_no") == 1).then(pl.col("day_g") - first_g).otherwise(first_g)
    return pl.when(pl.col("n_bags") == 1).then("day_g").otherwise(two_g).alias("dose_g")


def _stopped(given: pl.DataFrame, chance: Chance) -> pl.Series:
    """Stop a few infusions of spotless patients half way; the rest of the bag is wasted."""
    row = given["patient"].to_numpy(), given["day"].to_numpy(), given["bag_no"].to_numpy()
    can_stop = given["can_stop"].to_numpy() & (given["n_bags"].to_numpy() == 1)
    is_stopped = can_stop & chance.happens("stopped", 0.008, *row)
    return pl.Series("is_stopped", is_stopped)


def _given_g() -> pl.Expr:
    """Return the grams infused: half the vials of a stopped bag, all of any other."""
    half = (pl.col("dose_g") / 2 / pl.col("grain_g")).floor() * pl.col("grain_g")
    return (pl.when("is_stopped").then(half.clip(lower_bound=0.5)).otherwise("dose_g")).alias(
        "given_g"
    )


def _times() -> list[pl.Expr]:
    """Return the minutes of the period at which each bag begins and ends."""
    begin = pl.col("day") * 1440 + pl.col("start_min")
    after = begin + first_bag_min(pl.col("day_g") - pl.col("dose_g")) + CHANGE_BOTTLE_MIN
    is_first = pl.col("bag_no") == 0
    begin = pl.when(is_first).then(begin).otherwise(after)
    runs = pl.when(is_first).then(first_bag_min(pl.col("given_g")))
    return [
        begin.alias("begin_min"),
        (begin + runs.otherwise(later_bag_min(pl.col("given_g")))).alias("end_min"),
    ]


def _lots(given: pl.DataFrame, chance: Chance) -> list[pl.Series]:
    """Draw the lot of each bag from the stock of its day; some bags finish an older lot."""
    row = given["patient"].to_numpy(), given["day"].to_numpy(), given["bag_no"].to_numpy()
    window = given["day"].to_numpy() // _LOT_DAYS + 1
    slots = 1 + int(given["patient"].to_numpy().max(initial=0)) // _PATIENTS_PER_LOT
    slot = chance.whole("slot", 0, slots - 1, row[0])
    product = given["product"].to_numpy()
    has_two_vials = (given["dose_g"] > given["grain_g"]).to_numpy()
    # a spoiled bag takes its lots with it into quarantine, so it has one only
    is_whole = ~(given["is_stopped"] | given["is_planted"]).to_numpy() & has_two_vials
    is_mixed = is_whole & chance.happens("mixed", 0.06, *row)
    lot = (window * slots + slot) * len(PRODUCTS) + product
    older = lot - slots * len(PRODUCTS)
    return [pl.Series("lot", lot), pl.Series("older_lot", older),
            pl.Series("is_mixed", is_mixed), pl.Series("lot_window", window)]  # fmt: skip


def lot_names(lot: pl.Series, chance: Chance) -> pl.Series:
    """Return the lot number of each lot."""
    return named(lot.to_numpy(), LOT_BLOCK, chance)


def approval_names(patient: pl.Series, number: pl.Series, chance: Chance) -> pl.Series:
    """Return the id of each patient's approval of that number."""
    return named(patient * _APPROVALS_PER_PATIENT + number, APPROVAL_BLOCK, chance)


def expiry(window: pl.Expr, first_on: date) -> pl.Expr:
    """Return the day the lots of a stock window expire."""
    return pl.lit(first_on) + pl.duration(days=window * _LOT_DAYS + _LOT_LIFE_DAYS)


def infusion(scene: Scene) -> pl.DataFrame:
    """Return one row per bag or bottle in contract columns."""
    given, first_on, chance = scene.given, scene.first_on, scene.chance
    use = given["use"].to_numpy()
    patient = given["patient"].to_numpy()
    prescriber = pl.Series(chance.whole("prescriber", 1, 9, patient)).cast(pl.String)
    place = coded(use, _WARDS) + "-" + given["site"].cast(pl.String)
    is_kept = pl.col("rates_kept") != "not"
    is_unlinked = pl.Series(chance.happens("unlinked", _UNLINKED_SHARE, patient))
    is_unlinked &= given["kind"].is_null()
    return given.select(
        "infusion_id",
        "patient_id",
        at_minute(pl.col("begin_min"), first_on).alias("started_at"),
        at_minute(pl.col("end_min"), first_on).alias("ended_at"),
        coded(given["product"].to_numpy(), PRODUCT_CODES).alias("product_code"),
        pl.col("given_g").alias("dose_g"),
        pl.col("dose_g").alias("prescribed_dose_g"),
        (pl.col("given_g") * 1000 / pl.col("g_per_l")).round().cast(pl.Int64).alias("volume_ml"),
        pl.when(is_kept).then(initial_ml_per_h()).alias("initial_rate_ml_per_h"),
        pl.when(is_kept).then("top_ml_per_h").alias("max_rate_ml_per_h"),
        pl.lit("IV").alias("route"),
        pl.when(pl.col("known_by") == "infusion").then(coded(use, _USE_CODES))
        .alias("indication_code"),
        phase(given, chance).alias("phase"),
        pl.when(~pl.col("is_mixed")).then(lot_names(given["lot"], chance)).alias("lot_number"),
        # one bag a day cannot be mixed up with another, so its issue need not be named
        pl.when(~is_unlinked | (pl.col("n_bags") > 1)).then("dispensing_id")
        .alias("dispensing_id"),
        _approval(given, chance).alias("authorisation_id"),
        pl.when("is_stopped").then(pl.lit("stopped")).otherwise(pl.lit("completed"))
        .alias("status"),
        pl.when("is_stopped").then(pl.lit("headache")).alias("stop_reason"),
        # nobody writes whether somebody watched
        pl.lit(None, dtype=pl.String).alias("reaction_observed"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("observed_until"),
        place.alias("ward_id"),
        ("SITE-" + given["site"].cast(pl.String).str.zfill(2)).alias("site_id"),
        (place + "-" + prescriber).alias("prescriber_id"),
    )  # fmt: skip


def _approval(given: pl.DataFrame, chance: Chance) -> pl.Expr:
    """Write the approval beside the infusions it alone explains, and beside some others."""
    patient = given["patient"].to_numpy()
    is_written = pl.lit(pl.Series(chance.happens("approval written", 0.25, patient)))
    is_needed = pl.col("known_by") == "authorisation"
    approval = pl.lit(approval_names(given["patient"], given["approval_no"], chance))
    return pl.when(is_written | is_needed).then(approval)


def phase(given: pl.DataFrame, chance: Chance) -> pl.Series:
    """Record the phase for two patients in three: loading first, then maintenance."""
    use = given["use"].to_numpy()
    pattern = np.array([{"acute": 2}.get(u.pattern, 1) for u in USES])[use]
    position = np.where((pattern == 1) & (given["course_no"].to_numpy() == 0), 0, pattern)
    is_known = chance.happens("phase known", 0.66, given["patient"].to_numpy())
    names = coded(position, ("loading", "maintenance", "single"))
    return pl.select(pl.when(pl.Series(is_known)).then(names)).to_series()


def dispensing(scene: Scene) -> pl.DataFrame:
    """Return one row per bag handed out: an hour or more ahead, or the afternoon before."""
    given, first_on, chance = scene.given, scene.first_on, scene.chance
    patient, day = given["patient"].to_numpy(), given["day"].to_numpy()
    ahead = pl.Series(5 * chance.whole("ahead", 12, 30, patient, day))
    is_day_before = pl.Series(chance.happens("day before", _DAY_BEFORE_SHARE, patient))
    same_day = pl.col("day") * 1440 + pl.col("start_min") - ahead
    before = (pl.col("day") - 1) * 1440 + _AFTERNOON_MIN + ahead
    issued = pl.when(is_day_before).then(before).otherwise(same_day)
    vial = _vial(given["dose_g"].to_numpy(), given["product"].to_numpy())
    single = ~pl.col("is_mixed")
    return given.select(
        "dispensing_id",
        "patient_id",
        at_minute(issued, first_on).alias("dispensed_at"),
        coded(given["product"].to_numpy(), PRODUCT_CODES).alias("product_code"),
        "dose_g",
        pl.lit("IV").alias("route"),
        pl.when(single).then(lot_names(given["lot"], chance)).alias("lot_number"),
        pl.when(single).then(expiry(pl.col("lot_window"), first_on)).alias("expires_on"),
        pl.when(single).then(pl.Series(vial)).alias("vial_size_g"),
        pl.when(single).then((pl.col("dose_g") / pl.Series(vial)).cast(pl.Int64)).alias("n_vials"),
        pl.when("is_stopped").then(pl.col("dose_g") - pl.col("given_g")).alias("wasted_g"),
        pl.when("is_stopped").then(pl.lit("infusion stopped")).alias("waste_reason"),
        ("SITE-" + given["site"].cast(pl.String).str.zfill(2)).alias("site_id"),
    )


def _vial(dose_g: Floats, product: Whole) -> Floats:
    """Return the largest vial that makes up each dose without a rest."""
    fits = [np.mod(dose_g, vial) == 0 for vial in VIALS_G]
    vial = np.select(fits, list(VIALS_G), default=VIALS_G[-1])
    return np.where((product == SMALLEST_PRODUCT) & (vial == 1.0), 0.5, vial)


def infusion_lot(scene: Scene) -> pl.DataFrame:
    """Return one row per lot of the bags that hold two."""
    return _lot_rows(scene, "infusion_id")


def dispensing_lot(scene: Scene) -> pl.DataFrame:
    """Return one row per lot of the issues that hold two."""
    return _lot_rows(scene, "dispensing_id")


def _lot_rows(scene: Scene, key: str) -> pl.DataFrame:
    mixed = scene.given.filter("is_mixed")
    older_g = (pl.col("dose_g") / 2 / pl.col("grain_g")).floor() * pl.col("grain_g")
    parts = [(older_g, "older_lot", 1), (pl.col("dose_g") - older_g, "lot", 0)]
    return pl.concat(
        mixed.select(
            key,
            coded(mixed["product"].to_numpy(), PRODUCT_CODES).alias("product_code"),
            lot_names(mixed[lot], scene.chance).alias("lot_number"),
            expiry(pl.col("lot_window") - age, scene.first_on).alias("expires_on"),
            pl.col("grain_g").alias("vial_size_g"),
            (grams / pl.col("grain_g")).cast(pl.Int64).alias("n_vials"),
            grams.alias("dose_g"),
        )
        for grams, lot, age in parts
    )
