"""The contract of `dispensing`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Amount, Moment, column, day, day_of, moment, within_vials
from schemas.provenance import Provenance


class Dispensing(Provenance):
    """One row per issue of a product to a patient by pharmacy or blood bank."""

    dispensing_id: str = column("Identifier of the issue in the source.", required=True)
    patient_id: str = column("The patient it was issued for.", required=True)
    dispensed_at: Moment = moment("When it was issued.", required=True)
    dispensed_on: pl.Date = day_of("dispensed_at", required=True)
    product_code: str = column("Brand, NDC, HCPCS code or alias of the product.", required=True)
    dose_g: Amount = column(
        "Immunoglobulin issued; above 0 and below 1000 g† (milligrams written as grams).",
        required=True,
        unit="g",
        gt=0,
        lt=1000,
    )
    route: str = column("Route as recorded; IV, SC and IM decide for a brand that is several.")
    lot_number: str = column("The lot, when there is one; stands for a row of dispensing_lot.")
    expires_on: pl.Date = day("Expiry date of the lot.")
    vial_size_g: Amount = column(
        "Immunoglobulin in one vial; above 0 and below 1000 g†.", unit="g", gt=0, lt=1000
    )
    n_vials: pl.Int32 = column("Number of vials; 1 to 1000†.", ge=1, le=1000)
    returned_g: Amount = column(
        "Immunoglobulin that came back; below 1000 g†.", unit="g", ge=0, lt=1000
    )
    wasted_g: Amount = column("Immunoglobulin discarded; below 1000 g†.", unit="g", ge=0, lt=1000)
    waste_reason: str = column("Why it was discarded.")
    authorisation_id: str = column("The approval it was issued under.")
    prescriber_id: str = column("Who prescribed it.")
    site_id: str = column("The hospital or site.")

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "identity": ("dispensing_id",),
            "patient": "patient_id",
            "dated_by": "dispensed_on",
            "links": {"authorisation_id": "authorisation"},
            "after_birth": True,
        }

    @pa.dataframe_check(name="dose_above_vials", title="dose_g")
    @classmethod
    def fits_its_vials(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the dose is not more than the vials hold."""
        return within_vials(frame)
