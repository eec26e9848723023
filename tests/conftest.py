"""Keep what a run writes outside its output folder inside the test's own folders."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_configuration_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key of the pseudonyms out of the home of whoever runs the tests."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("configuration"))
