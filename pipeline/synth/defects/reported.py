"""Reports of adverse events that are told twice, late, of nobody's infusion, or of several."""

from __future__ import annotations

import polars as pl

from pipeline.synth.catalogue import PRODUCTS
from pipeline.synth.chance import Chance
from pipeline.synth.defect import ADULT, Defect, Label, Plan, Spoil, Subjects
from pipeline.synth.infusions import LOT_BLOCK
from pipeline.synth.people import on_day
from pipeline.synth.reports import Told, filed, planted_reports
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import added, change
from pipeline.synth.subjects import as_rows, planted_course

_DAY, _HOUR = 1440, 60
_ALONE_DAYS = 21  # from a course to the next one, so that an event lies in one course's window
_DIED_AFTER_DAYS = 12
_LAST_COURSE_DAYS = 60
_OF_ONE_DAY = pl.col("n_days") == 1
_OF_DAYS = pl.col("n_days").is_between(2, 5)
_ONE_OF = 600  # patients: a report with a fault is rarer than other defects
_USES = ("pid", "sid", "cidp", "mg", "itp_adult")
_KIOVIG = next(n for n, product in enumerate(PRODUCTS) if product.product_code == "Kiovig")
_SAME_VIALS = "Gammagard Liquid"

_HEADACHE = Told("Headache", 6 * _HOUR)


def _all_kiovig(courses: pl.DataFrame, _: Chance) -> pl.DataFrame:
    """Give the course of a product whose vials another one comes in too."""
    asked = pl.when("is_planted").then(_KIOVIG).otherwise("asked_product")
    return courses.with_columns(asked.cast(pl.Int64).alias("asked_product"))


def _report(*reports: Told) -> Spoil:
    """Return a spoiler that files reports of the planted course's first bag."""
    return lambda _, scene: filed(planted_course(scene), reports, scene)


def _of_another(_: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """File a report that names the infusion of the next patient who carries this defect."""
    reports = filed(planted_course(scene), (_HEADACHE,), scene)
    other = pl.col("infusion_id").shift(1)
    return reports.with_columns(other.fill_null(pl.col("infusion_id").last()).alias("infusion_id"))


def _died(patient: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record that the patient died days after the event."""
    return _with_death(patient, scene).with_columns(pl.col("died_on").alias("deceased_on"))


def _not_after_death(column: str) -> Spoil:
    return lambda rows, scene: _with_death(rows, scene).filter(pl.col(column) <= pl.col("died_on"))


def _with_death(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    day = planted_course(scene).select(
        "patient_id", on_day(pl.col("day") + _DIED_AFTER_DAYS, scene.first_on).alias("died_on")
    )
    return rows.join(day, on="patient_id", how="left", maintain_order="left")


def _later_bags(scene: Scene) -> pl.DataFrame:
    return scene.planted_bags.filter(pl.col("day_no") > 0)


def _later(key: str) -> Subjects:
    return lambda scene: as_rows(_later_bags(scene), key)


def _other_lot(key: str) -> Spoil:
    """Return a spoiler that gives the later days of the course from a lot of their own."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        bags = planted_course(scene)
        lot = bags.select("patient_id", added(bags["row"], LOT_BLOCK, scene).alias("other_lot"))
        here = pl.col(key).is_in(_later_bags(scene)[key].to_list())
        return rows.join(lot, on="patient_id", how="left", maintain_order="left").with_columns(
            pl.when(here).then("other_lot").otherwise("lot_number").alias("lot_number")
        )

    return spoil


def _wrong(
    kind: str,
    status: str,
    *reports: Told,
    fits: pl.Expr = _OF_ONE_DAY,
    uses: tuple[str, ...] = _USES,
    told: Spoil | None = None,
    plan: Plan | None = None,
    **more: Spoil,
) -> Defect:
    """Return a defect of reports, every one of which is labelled."""
    label = Label(
        kind,
        planted_reports(len(reports)),
        "derived",
        "reported_event",
        status,
        kind,
        "adverse_event",
    )
    alone = (pl.col("cycle_days") >= _ALONE_DAYS) & ADULT
    return Defect(
        kind, uses, (label,), fits & alone, plan,
        spoils={"adverse_event": told or _report(*reports), **more},
        turn=1, one_of_patients=_ONE_OF,
    )  # fmt: skip


# The event's window is a course's, so that all its days share in it.
_RASH = Told("Rash", 5 * _DAY, names_infusion=False)

DEFECTS = (
    _wrong(
        "duplicate_report", "merged",
        _HEADACHE, Told("headaches", 9 * _HOUR, grade=1, names_infusion=False, told=1),
    ),
    _wrong("event_outside", "outside_every_window",
           Told("Headache", 8 * _DAY, names_infusion=False)),
    _wrong("other_patient_named", "other_patient", _HEADACHE, told=_of_another),
    _wrong("event_without_onset", "no_onset", Told("Headache", None, names_infusion=False)),
    _wrong(
        "composite_reaction", "composite",
        Told("Chills", _HOUR), Told("Fever", 2 * _HOUR, grade=1), Told("Nausea", 3 * _HOUR),
    ),
    _wrong(
        "fifteen_days_missed", "late",
        Told("Headache", 6 * _HOUR, 21, grade=3, seriousness="hospitalisation"),
    ),
    _wrong(
        "seven_days_missed", "late",
        Told("Anaphylaxis", 30, 10, grade=4, seriousness="life threatening"),
    ),
    _wrong(
        "death_after_event", "died_within_30_days",
        Told("Headache", 6 * _HOUR), uses=("sid", "cidp", "pid"),
        fits=_OF_ONE_DAY & (pl.col("n_after") == 0) & (pl.col("days_left") >= _LAST_COURSE_DAYS),
        patient=_died, outcome_review=_not_after_death("reviewed_on"),
        vaccination=_not_after_death("given_on"), lab_result=_not_after_death("collected_at"),
    ),
    _wrong(
        "event_of_two_products", "two_products", _RASH, fits=_OF_DAYS,
        uses=("cidp", "mg", "itp_adult", "mmn"), plan=_all_kiovig,
        infusion=change(_later("infusion_id"), product_code=pl.lit(_SAME_VIALS)),
        dispensing=change(_later("dispensing_id"), product_code=pl.lit(_SAME_VIALS)),
    ),
    _wrong(
        "event_of_two_lots", "two_lots", _RASH, fits=_OF_DAYS,
        uses=("cidp", "mg", "itp_adult", "mmn"),
        infusion=_other_lot("infusion_id"), dispensing=_other_lot("dispensing_id"),
    ),
)  # fmt: skip
