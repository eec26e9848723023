"""Keep what a run writes outside its output folder inside the test's own folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from drawn import load_profile
from nightly import CODES
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from pipeline.render import figures

ROOT = Path(__file__).parents[1]
load_profile()


class _ByModule(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Give tests to one process that share what their module prepares, often a whole night.

    The groups of xdist 3.8 itself are lost with pytest 9.2, whose tests keep their ids elsewhere.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.partition("::")[0]) or nodeid


@cache
def _group(file: str) -> str | None:
    """Return the group of a file of tests: the one it names, or itself if it prepares anything."""
    text = (ROOT / file).read_text("utf-8")
    if named := re.search(r'xdist_group\("([^"]+)"\)', text):
        return named[1]
    return file if 'scope="module"' in text else None


@pytest.hookimpl(optionalhook=True)  # not there without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByModule | None:
    return _ByModule(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session", autouse=True)
def _own_configuration_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key of the pseudonyms out of the home of whoever runs the tests."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("configuration"))


@pytest.fixture(scope="session", autouse=True)
def _valid_charts() -> Iterator[None]:
    """Hold every chart that any test draws against the schema of Vega-Lite; a run does not."""
    with pytest.MonkeyPatch.context() as patch:
        drawn = figures._picture
        patch.setattr(figures, "_picture", lambda chart: chart.to_dict() and drawn(chart))
        yield


@pytest.fixture(autouse=True)
def _exit_code_is_what_the_test_claims(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold a test that is listed as the proof of an exit code to having met it."""
    CODES.clear()
    yield
    for claim in request.node.iter_markers("exit_code"):
        assert claim.args[0] in CODES, f"listed for exit code {claim.args[0]}, met {CODES}"
