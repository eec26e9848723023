"""Every threat of docs/security.md names tests, and every one of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
THREATS = [
    line.strip("| ").split(" | ")
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| threat", "| ---"))
]


def test_every_threat_names_a_test_that_is_there() -> None:
    assert len(THREATS) > 25
    for threat, stands, shown in THREATS:
        named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", shown)
        assert named, threat
        assert stands, threat
        assert re.sub(r"`[^`]*`", "", shown).strip() == "", threat
        for path, test in named:
            assert test in _tests(ROOT / path), f"{path}::{test} ({threat})"


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
