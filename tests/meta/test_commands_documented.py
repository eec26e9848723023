"""Every command has help, and README's commands exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import typer.main

from pipeline.cli import app
from pipeline.errors import exit_codes

ROOT = Path(__file__).parents[2]
GROUP = typer.main.get_command(app)


def test_every_command_and_option_has_help() -> None:
    commands = dict(GROUP.commands)  # type: ignore[attr-defined]
    commands |= {f"guideline {n}": c for n, c in commands.pop("guideline").commands.items()}
    for name, command in commands.items():
        assert command.help, name
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, f"{name} {option.name}"


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z\-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in ("README.md", "DEVELOPERS.md"):
        named = set(re.findall(r"`make ([a-z\-]+)`", (ROOT / page).read_text("utf-8")))
        assert named <= targets, page


def test_every_exit_code_has_a_test_that_meets_it() -> None:
    proofs = runpy.run_path(str(ROOT / "docs" / "generate.py"))["exit_code_proofs"]()
    assert proofs.keys() == exit_codes().keys()
