"""The contract of a reviewer's file: `adjudications.csv`."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pandera.polars as pa
import polars as pl

from schemas.name import NAME


class Decision(StrEnum):
    """What a reviewer may say of a finding."""

    CONFIRMED = "confirmed"
    JUSTIFIED = "justified"
    RECORD_ERROR = "record_error"
    RULE_ERROR = "rule_error"
    UNCLEAR = "unclear"
    WITHDRAWN = "withdrawn"


NEEDS_A_REASON: Final = (Decision.JUSTIFIED, Decision.RECORD_ERROR, Decision.RULE_ERROR)
"""What takes an accusation back must say why."""

_KEY: Final = r"^[0-9a-f]{16}$"


class Adjudication(pa.DataFrameModel):
    """One row per decision of a reviewer on a finding, as the file has it."""

    finding_key: str = pa.Field(str_matches=_KEY)
    facts_digest: str = pa.Field(str_matches=_KEY)
    decision: str = pa.Field(isin=[word.value for word in Decision])
    reason: str = pa.Field(str_length={"max_value": 10_000})
    reviewer: str = pa.Field(str_length={"min_value": 1, "max_value": 100})
    date: str = pa.Field(str_matches=r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$")

    @pa.check("reviewer")
    @classmethod
    def is_a_name(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Say per row whether a reader can see who it was: one line with a letter or a digit."""
        return frame.lazyframe.select(pl.col(frame.key).str.contains(NAME))

    @pa.check("date")
    @classmethod
    def is_a_day(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Say per row whether the day exists."""
        day = pl.col(frame.key).str.to_date("%Y-%m-%d", strict=False)
        return frame.lazyframe.select(day.is_not_null())

    @pa.dataframe_check
    @classmethod
    def says_why(cls, frame: pa.PolarsData) -> pl.LazyFrame:
        """Say per row whether a decision that takes an accusation back has a reason."""
        is_needed = pl.col("decision").is_in([word.value for word in NEEDS_A_REASON])
        return frame.lazyframe.select(~is_needed | (pl.col("reason").str.strip_chars() != ""))


COLUMNS: Final = ("finding_key", "facts_digest", "decision", "reason", "reviewer", "date")
FAULT: Final = {
    "finding_key": "finding_key is not 16 digits from 0 to f",
    "facts_digest": "facts_digest is not 16 digits from 0 to f",
    "decision": f"decision is none of {', '.join(Decision)}",
    "reason": "reason is longer than 10,000 characters",
    "reviewer": "reviewer is empty, no single line, or longer than 100 characters",
    "date": "date is no day of 1900 to 2099 written like 2025-01-31",
    "says_why": f"reason is empty, and {', '.join(NEEDS_A_REASON)} need one",
}
"""What is wrong with a line, by the column or the check that failed; never the value."""
