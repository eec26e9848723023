"""Keep what a run writes outside its output folder inside the test's own folders."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# how long an example takes says more of the machine than of the code: speed is for the benchmark
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _own_configuration_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key of the pseudonyms out of the home of whoever runs the tests."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("configuration"))
