"""The columns every record may carry."""

from __future__ import annotations

import pandera.polars as pa

from schemas.column import Moment, column, moment


class Provenance(pa.DataFrameModel):
    """One row per record of any kind, seen only for where it came from."""

    source_id: str = column("Which system the record comes from; part of its identity.")
    recorded_at: Moment = moment(
        "When this version of the record was written; of two versions the newest wins."
    )
    is_deleted: bool = column("The source withdrew the record; its older versions go with it.")
