"""The contract of `patient`."""

from __future__ import annotations

import polars as pl

from schemas.column import column, day
from schemas.provenance import Provenance


class Patient(Provenance):
    """One row per patient who may have had immunoglobulin."""

    patient_id: str = column("Identifier of the patient in the source.", required=True)
    birth_date: pl.Date = day("Date of birth.")
    birth_year: pl.Int32 = column(
        "Year of birth, where the date may not be told.", ge=1800, le=2299
    )
    sex: str = column("Sex as recorded: F, M, X (other) or U (unknown).", allowed="FMXU")
    blood_group: str = column("ABO blood group.", allowed=("A", "B", "AB", "O"))
    is_iga_deficient: bool = column("Selective IgA deficiency is recorded.")
    has_anti_iga: bool = column("Antibodies against IgA were found.")
    deceased_on: pl.Date = day("Date of death.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("patient_id",),
            "patient": "patient_id",
            "keeps_bad_cells": True,
        }
