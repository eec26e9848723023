"""The contract of `dispensing_lot`."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.column import Amount, column, day, within_vials
from schemas.provenance import Provenance


class DispensingLot(Provenance):
    """One row per lot of a product in one dispensing."""

    dispensing_id: str = column("The dispensing it belongs to.", required=True)
    product_code: str = column("Brand, NDC, HCPCS code or alias of the product.", required=True)
    lot_number: str = column("The lot.", required=True)
    expires_on: pl.Date = day("Expiry date of the lot.")
    vial_size_g: Amount = column(
        "Immunoglobulin in one vial; above 0 and below 1000 g†.", unit="g", gt=0, lt=1000
    )
    n_vials: pl.Int32 = column("Number of vials of the lot; 1 to 1000†.", ge=1, le=1000)
    dose_g: Amount = column(
        "Immunoglobulin of the lot issued; below 1000 g†.", unit="g", ge=0, lt=1000
    )
    wasted_g: Amount = column(
        "Immunoglobulin of the lot discarded; below 1000 g†.", unit="g", ge=0, lt=1000
    )

    class Config:
        """Facts about the record as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dict
            "parent": ("dispensing_id", "dispensing"),
        }

    @pa.dataframe_check(name="dose_above_vials", title="dose_g")
    @classmethod
    def fits_its_vials(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Hold when the dose is not more than the vials hold."""
        return within_vials(frame)
