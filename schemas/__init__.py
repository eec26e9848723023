"""Say what one row of every table is: the contracts of records, rules and verdicts."""

from schemas.record import (
    RECORDS,
    Column,
    Contract,
    Kind,
    contract,
    contract_columns,
    contracts,
    required_columns,
)

__all__ = [
    "RECORDS",
    "Column",
    "Contract",
    "Kind",
    "contract",
    "contract_columns",
    "contracts",
    "required_columns",
]
