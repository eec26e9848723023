"""Give each test of the SQL a store of its own."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from empty_store import common_store


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store in memory with empty records, our defaults and a few products."""
    store = common_store()
    yield store
    store.close()
