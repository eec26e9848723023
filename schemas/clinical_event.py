"""The contract of `clinical_event`."""

from __future__ import annotations

import polars as pl

from schemas.column import Moment, column, day_of, moment
from schemas.provenance import Provenance


class ClinicalEvent(Provenance):
    """One row per event in a patient's care that a rule may ask about."""

    patient_id: str = column("The patient it happened to.", required=True)
    event_code: str = column(
        "What happened: plasma_exchange, transplant, symptom_onset, measles_exposure, "
        "transfusion, surgery, pregnancy_start, pregnancy_end, hypersensitivity, last_contact "
        "or another word a guideline uses.",
        required=True,
    )
    occurred_at: Moment = moment("When it happened.", required=True)
    occurred_on: pl.Date = day_of("occurred_at", required=True)

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "patient": "patient_id",
            "dated_by": "occurred_on",
        }
