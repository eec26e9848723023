"""Harm that results or codes show and nobody reported, and what only looks like it.

The values meet the definitions of the safety reference by a wide margin, whatever their details;
what is guarded meets them too, with what must keep it out of every numerator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from pipeline.synth.defect import ADULT, Defect, Label, Spoil
from pipeline.synth.diagnoses import coded_later, coded_undated
from pipeline.synth.found import Found, course_ends, pattern
from pipeline.synth.infusions import LOT_BLOCK
from pipeline.synth.people import at_minute
from pipeline.synth.reports import Told, filed, planted_report
from pipeline.synth.scene import Scene
from pipeline.synth.spoiling import added
from pipeline.synth.subjects import courses, planted_course

_KIDNEY = "aki"
_COUNTED, _GUARDED = "counted", "guarded"
Coding = Callable[[pl.DataFrame, str, pl.Expr, Scene], pl.DataFrame]

_ONE_OF = 600
_ALONE = (pl.col("cycle_days") >= 21) & (pl.col("n_before") + pl.col("days_left") > 0)  # noqa: PLR2004
_SHORT = pl.col("n_days") <= 2  # noqa: PLR2004 - the value before still lies within KDIGO's week
_USES = ("pid", "sid", "cidp", "itp_adult", "mmn")
_CHILDREN = ("kawasaki", "itp_child")
_HIGH_DOSE_USES = ("cidp", "mg", "dermatomyositis", "itp_adult", "gbs", "pemphigus_vulgaris")
_FIVE_DAYS = pl.col("n_days") == 5  # noqa: PLR2004 - 2 g/kg over five days, as in the issue's case


def _creatinine(value: float, hours_after: float | None = None, days_before: int = 0) -> Found:
    return Found("2160-0", "mg/dL", value, hours_after, days_before)


def _haemoglobin(value: float, unit: str, hours_after: float | None = None) -> Found:
    return Found("718-7", unit, value, hours_after, specimen="blood")


def _antiglobulin(text: str, hours_after: float | None) -> Found:
    return Found("1007-4", None, None, hours_after, text=text, specimen="blood")


def _measured(test_code: str, unit: str, before: float, after: float, hours: float) -> list[Found]:
    return [Found(test_code, unit, before), Found(test_code, unit, after, hours)]


def _coded(code: str, days_after: int, write: Coding = coded_later) -> Spoil:
    """Return a spoiler that codes a diagnosis days after the planted course."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        new = write(course_ends(scene), code, pl.col("day") + days_after, scene)
        return pl.concat([rows, new])

    return spoil


def _happened(event: str, hours_after: float) -> Spoil:
    """Return a spoiler that records an event hours after the planted course."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        minute = pl.col("end_min") + round(hours_after * 60)
        return pl.concat([rows, course_ends(scene).select(
            "patient_id",
            pl.lit(event).alias("event_code"),
            at_minute(minute, scene.first_on).alias("occurred_at"),
        )])  # fmt: skip

    return spoil


def _reported(_: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Report a kidney injury two days after the course began."""
    report = Told("Acute kidney injury", 40 * 60, grade=3)
    return filed(planted_course(scene), (report,), scene)


def _of_group_ab(patient: pl.DataFrame, _: Scene) -> pl.DataFrame:
    return patient.with_columns(pl.lit("AB").alias("blood_group"))


def _second_lot(key: str) -> Spoil:
    """Return a spoiler that gives the last day of the course from a second lot."""

    def spoil(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
        last = scene.planted_bags.filter(pl.col("day_no") == pl.col("n_days") - 1)
        lots = last.select(key, added(last["row"], LOT_BLOCK, scene).alias("second"))
        return rows.join(lots, on=key, how="left", maintain_order="left").with_columns(
            pl.coalesce("second", "lot_number").alias("lot_number")
        )

    return spoil


def _adrenaline(rows: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    """Record adrenaline half an hour into the infusion."""
    minute = pl.col("begin_min") + 30
    given = planted_course(scene).select(
        "patient_id",
        pl.lit("ATC").alias("code_system"),
        pl.lit("C01CA24").alias("code"),
        at_minute(minute, scene.first_on).alias("started_at"),
        at_minute(minute, scene.first_on).alias("ended_at"),
        pl.lit("IM").alias("route"),
    )
    return pl.concat([rows, given])


def _seen(
    kind: str,
    event: str,
    status: str,
    reason: str,
    *results: Found,
    uses: tuple[str, ...] = _USES,
    fits: pl.Expr = ADULT & _SHORT,
    **more: Spoil,
) -> Defect:
    """Return harm, or what looks like it, that the detection must answer for with a status."""
    spoils: Mapping[str, Spoil] = {"lab_result": pattern(*results), **more} if results else more
    label = Label(kind, planted_course, "signal", event, status, reason)
    return Defect(
        kind, uses, (label, *_also(event)), fits & _ALONE,
        spoils=spoils, turn=1, one_of_patients=_ONE_OF,
    )  # fmt: skip


def _also(event: str) -> tuple[Label, ...]:
    """Return what another definition of the event may say of the same values."""
    shows_as = {_KIDNEY: "kidney_by_median", "haemolysis": "haemoglobin_fall_alone"}.get(event)
    if shows_as is None:
        return ()
    return (Label(shows_as, planted_course, "signal", event, _GUARDED, "", is_consequence=True),)


_HAEMOLYSIS_VALUES = (
    _haemoglobin(128, "g/L"),
    _haemoglobin(119, "g/L", 41),
    _antiglobulin("POSITIVE", 41),
    _haemoglobin(9.6, "g/dL", 209),
    Found("17849-1", "%", 6.1, 209, specimen="blood"),
    Found("2532-0", "U/L", 574, 209),
    Found("1975-2", "mg/dL", 2.9, 209),
    Found("4542-7", "g/L", 0.1, 209, comparator="<"),
    _antiglobulin("NEGATIVE", 209),
)
# The same fall with every sign, but each was there before.
_SIGNS_BEFORE = (
    _haemoglobin(128, "g/L"),
    *_measured("17849-1", "%", 6.0, 6.1, 209),
    *_measured("2532-0", "U/L", 560, 574, 209),
    *_measured("1975-2", "mg/dL", 2.8, 2.9, 209),
    *_measured("4542-7", "g/L", 0.2, 0.2, 209),
    _antiglobulin("POSITIVE", None),
    _haemoglobin(119, "g/L", 41),
    _antiglobulin("POSITIVE", 41),
    _haemoglobin(99, "g/L", 209),
)
# whoever is typed is seen again after every high dose, so that being of another group changes no
# other course
_IS_TYPED = pl.col("blood_group").is_in(["A", "B", "AB"]).fill_null(value=False)
_OF_HIGH_DOSE = ADULT & _FIVE_DAYS & _IS_TYPED

# of a thrombosis that nobody dates the course before may be asked too
_MAYBE_EARLIER = Label(
    "thrombosis_timing_unknown", courses, "signal", "thrombosis_venous", "not_evaluable",
    "timing_unknown", is_consequence=True,
)  # fmt: skip
_TIMING_UNKNOWN = _seen(
    "thrombosis_timing_unknown", "thrombosis_venous", "not_evaluable", "timing_unknown",
    diagnosis=_coded("I82.409", 5, coded_undated),
)  # fmt: skip
_THROMBOSIS_AT_ANY_TIME = replace(_TIMING_UNKNOWN, labels=(*_TIMING_UNKNOWN.labels, _MAYBE_EARLIER))

DEFECTS = (
    _seen("kidney_stage_1", _KIDNEY, _COUNTED, "1",
          _creatinine(0.9), _creatinine(1.4, 30), _creatinine(1.0, 120)),
    _seen("kidney_stage_2", _KIDNEY, _COUNTED, "2",
          _creatinine(0.9), _creatinine(2.0, 48), _creatinine(1.3, 160)),
    _seen("kidney_stage_3", _KIDNEY, _COUNTED, "3",
          _creatinine(0.9), _creatinine(2.9, 48), _creatinine(1.6, 200)),
    _seen("kidney_below_resolution", _KIDNEY, _GUARDED, "below_resolution",
          _creatinine(0.20), _creatinine(0.36, 40), uses=_CHILDREN, fits=_SHORT),
    _seen("kidney_seen_before", _KIDNEY, _GUARDED, "seen_before_exposure",
          _creatinine(1.6, days_before=4), _creatinine(0.95), _creatinine(1.6, 40)),
    _seen("kidney_rising_before", _KIDNEY, _GUARDED, "rising_before_exposure",
          _creatinine(0.8, days_before=3), _creatinine(1.3), _creatinine(1.35, 40)),
    _seen(
        "kidney_reported", _KIDNEY, "counted_and_reported", "2",
        _creatinine(0.9), _creatinine(2.0, 48), adverse_event=_reported,
    ),
    replace(
        _seen("kidney_not_confirmed", _KIDNEY, "", "", _creatinine(0.5), _creatinine(0.52, 40),
              _creatinine(0.51, 72), adverse_event=_reported),
        labels=(Label("kidney_not_confirmed", planted_report, "derived", "reported_event",
                      "not_confirmed", "not_met", "adverse_event"),),
    ),
    _seen(
        "haemolysis_unreported", "haemolysis", _COUNTED, "", *_HAEMOLYSIS_VALUES,
        uses=_HIGH_DOSE_USES, fits=_OF_HIGH_DOSE,
        patient=_of_group_ab, clinical_event=_happened("transfusion", 215),
        infusion=_second_lot("infusion_id"), dispensing=_second_lot("dispensing_id"),
    ),
    _seen(
        "haemolysis_with_bleeding", "haemolysis", _GUARDED, "bleeding",
        *_HAEMOLYSIS_VALUES, uses=_HIGH_DOSE_USES, fits=_OF_HIGH_DOSE, diagnosis=_coded("K92.2", 4),
    ),
    _seen(
        "haemolysis_of_disease", "haemolysis", _GUARDED, "confounded_by_indication",
        *_HAEMOLYSIS_VALUES, uses=("aiha",), fits=ADULT,
    ),
    replace(
        _seen(
            "haemolysis_signs_before", "haemolysis", _GUARDED, "signs_before_exposure",
            *_SIGNS_BEFORE, uses=_HIGH_DOSE_USES, fits=_OF_HIGH_DOSE,
        ),
        turn=3,
    ),
    _seen("haemoglobin_fall_alone", "haemoglobin_fall", _GUARDED, "observation",
          _haemoglobin(12.8, "g/dL"), _haemoglobin(10.9, "g/dL", 60),
          _haemoglobin(9.6, "g/dL", 170)),
    _seen(
        "hyponatraemia_true", "hyponatraemia", _COUNTED, "",
        *_measured("2951-2", "mmol/L", 139, 127, 30),
        *_measured("2885-2", "g/dL", 7.0, 7.1, 30),
        *_measured("2692-2", "mosm/kg", 288, 262, 30),
        *_measured("2345-7", "mg/dL", 92, 95, 30),
        *_measured("3094-0", "mg/dL", 14, 14, 30),
    ),
    _seen(
        "hyponatraemia_pseudo", "hyponatraemia", _GUARDED, "pseudohyponatraemia",
        *_measured("2951-2", "mmol/L", 139, 128, 30),
        *_measured("2885-2", "g/dL", 7.0, 9.1, 30),
        *_measured("2692-2", "mosm/kg", 288, 287, 30),
        *_measured("2345-7", "mg/dL", 92, 95, 30),
        *_measured("3094-0", "mg/dL", 14, 14, 30),
    ),
    _seen("neutropenia_unreported", "neutropenia", _COUNTED, "3",
          *_measured("751-8", "10*9/L", 3.4, 0.8, 90)),
    _seen("transaminitis_unreported", "transaminitis", _GUARDED, "recalled_definition",
          *_measured("1742-6", "U/L", 24, 260, 230)),
    _seen(
        "anaphylaxis_unreported", "anaphylaxis", _COUNTED, "",
        diagnosis=_coded("T80.51XA", 0), medication=_adrenaline,
        fits=ADULT & (pl.col("n_days") == 1),
    ),
    _seen("thrombosis_coded", "thrombosis_venous", _COUNTED, "", diagnosis=_coded("I82.409", 5)),
    _THROMBOSIS_AT_ANY_TIME,
    _seen("meningitis_coded", "aseptic_meningitis", _COUNTED, "", diagnosis=_coded("G03.0", 2)),
    replace(
        _seen("stroke_coded", "thrombosis_arterial", _COUNTED, "", diagnosis=_coded("I63.9", 1)),
        turn=2,
    ),
    replace(
        _seen("haemoglobinuria_coded", "haemolysis_intravascular", _COUNTED, "",
              diagnosis=_coded("R82.3", 2)),
        turn=3,
    ),
)  # fmt: skip
