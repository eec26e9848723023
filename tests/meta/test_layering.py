"""Imports point one way: cli, run, stages, guidelines and store, resources, schemas."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYERS = (
    {"cli"},
    {"run", "rehearse", "draft"},
    {"ingest", "validate", "derive", "check", "detect", "compare", "summarise", "render"},
    {
        "guidelines",
        "store",
        "config",
        "disclosure",
        "contract",
        "exchange",
        "explain",
        "recall",
        "reveal",
        "synth",
        "spreadsheet",
        "statistics",
    },
    {"resources", "errors"},
    {"schemas"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
STAGES = LAYERS[2]


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "schemas" if parts[0] == "schemas" else parts[1]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    ours = {tuple(name.split(".")) for name in found}
    named = {p[1] for p in ours if p[0] == "pipeline" and len(p) > 1 and p[1] in LEVEL}
    return named | ({"schemas"} if any(p[0] == "schemas" for p in ours) else set())


def _files() -> list[Path]:
    return [
        path
        for folder in ("pipeline", "schemas")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != ROOT / "pipeline" / "__init__.py" and "_bundled" not in path.parts
    ]


def test_every_module_has_a_place_in_the_layers() -> None:
    assert {_module(path) for path in _files()} <= set(LEVEL)


def test_nothing_imports_to_its_left() -> None:
    wrong = [
        f"{_module(path)} imports {other} ({path.relative_to(ROOT)})"
        for path in _files()
        for other in _imports(path)
        if LEVEL[other] < LEVEL[_module(path)]
    ]
    assert wrong == []


def test_stages_do_not_import_each_other() -> None:
    wrong = [
        f"{_module(path)} imports {other}"
        for path in _files()
        if _module(path) in STAGES
        for other in _imports(path) & STAGES - {_module(path)}
    ]
    assert wrong == []


def test_synthetic_records_know_nothing_of_the_stages() -> None:
    for path in (ROOT / "pipeline" / "synth").rglob("*.py"):
        assert _imports(path) <= {"synth", "errors", "resources"}, path.name


def test_statistics_know_numbers_only() -> None:
    for path in (ROOT / "pipeline" / "statistics").rglob("*.py"):
        assert _imports(path) <= {"statistics"}, path.name
        reads_tables = r"(?m)^\s*(import|from) (duckdb|polars|pandas|pyarrow)"
        assert not re.search(reads_tables, path.read_text("utf-8")), path.name


def test_render_reads_tables_of_the_report_only() -> None:
    read = {
        name
        for path in sorted((ROOT / "pipeline" / "render").glob("*.py"))
        for name in re.findall(r"\b(?:FROM|JOIN) ([a-z_]+\.[a-z_]+)", path.read_text("utf-8"))
    }
    assert read
    assert {name for name in read if not name.startswith("report.")} == set()
