"""The wheel holds exactly our two packages and every file they need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
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


def test_every_import_is_of_a_declared_dependency() -> None:
    """What only a tool for developers brings along is missing where the wheel is installed."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [*told["dependencies"], *told["optional-dependencies"]["excel"]]
    known = {re.split(r"[\[<>=]", name)[0].replace("-", "_").removesuffix("_python")
             for name in declared}  # fmt: skip
    imported = {
        name.split(".")[0]
        for folder in ("pipeline", "schemas")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _names(node)
    }
    ours = {"pipeline", "schemas", *sys.stdlib_module_names}
    assert imported - ours - known == set()


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
