"""The wheel holds exactly our two packages and every file they need."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_owns_exactly_pipeline_and_schemas(wheel: zipfile.ZipFile) -> None:
    owned = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in owned if not name.endswith(".dist-info")} == {"pipeline", "schemas"}


@pytest.mark.parametrize("folder", ["sql", "guidelines", "reports"])
def test_the_wheel_ships_every_bundled_file(wheel: zipfile.ZipFile, folder: str) -> None:
    wanted = {
        f"pipeline/_bundled/{path.relative_to(ROOT)}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert wanted
    assert wanted <= set(wheel.namelist())


def test_the_wheel_holds_no_record(wheel: zipfile.ZipFile) -> None:
    assert not [name for name in wheel.namelist() if "data_samples" in name or "truth" in name]
