"""Keep what a run writes outside its output folder inside the test's own folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from drawn import load_profile
from nightly import CODES

from pipeline.render import figures

load_profile()


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests to one process that share what their module prepares, often a whole night."""
    for item in items:
        grouped = any(item.iter_markers("xdist_group"))
        if isinstance(item, pytest.Function) and not grouped and _prepared(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _prepared(test: pytest.Function) -> bool:
    """Say whether a test asks for something that is made once for its module."""
    known = test._fixtureinfo.name2fixturedefs
    return any(fixture[-1].scope == "module" for fixture in known.values())


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
