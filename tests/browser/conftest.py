"""One Chromium, and the editions of two audits: of the sample, and of hostile records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ROOT, chromium, editions, hostile_records, missing
from playwright.sync_api import Browser, sync_playwright


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the browser one worker; without what it needs skip the tests, aloud."""
    lacking = missing()
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))
            if lacking:
                item.add_marker(pytest.mark.skip(reason=f"no {lacking}: make browser-test"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return one Chromium for all tests."""
    with sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the editions of the audit of the synthetic sample."""
    return editions(ROOT / "data_samples", tmp_path_factory.mktemp("sample") / "out")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the editions of the audit of records whose every free text is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    return editions(hostile_records(folder / "records"), folder / "out")
