"""The contract of `adverse_event`."""

from __future__ import annotations

import polars as pl

from schemas.column import Moment, column, day_of, moment
from schemas.provenance import Provenance


class AdverseEvent(Provenance):
    """One row per adverse event somebody reported."""

    event_id: str = column("Identifier of the report in the source.", required=True)
    patient_id: str = column("The patient who had it.", required=True)
    term: str = column("What happened, as a code or in words.", required=True)
    onset_at: Moment = moment("When it began.")
    onset_on: pl.Date = day_of("onset_at")
    onset_precision: str = column("How exactly the onset is known, as the source words it.")
    grade: pl.Int32 = column("Severity grade, 1 (mild) to 5 (fatal).", ge=1, le=5)
    is_serious: bool = column("It was judged serious.")
    seriousness: str = column("By which criterion it was serious.")
    imputability: str = column(
        "How surely the product caused it.",
        allowed=("definite", "probable", "possible", "doubtful", "ruled_out", "not_assessable"),
    )
    assessor: str = column("Who judged that.")
    outcome: str = column("How it ended.")
    infusion_id: str = column("The infusion it is attributed to.")
    product_code: str = column("The product it is attributed to.")
    lot_number: str = column("The lot it is attributed to.")
    reported_at: Moment = moment("When it was reported.")
    reported_on: pl.Date = day_of("reported_at")
    reported_to: str = column("To whom it was reported.")
    report_reference: str = column("The authority's reference.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("event_id",),
            "patient": "patient_id",
            "dated_by": "onset_on",
            "links": {"infusion_id": "infusion"},
            "keeps_bad_cells": True,
        }
