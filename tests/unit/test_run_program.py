"""A digest of the program changes with what decides a verdict, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pipeline
from pipeline import resources
from pipeline.run.program import program_digest


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("checks/regimen.sql", True),
        ("checks/shared/scope.sql", True),
        ("derive/course.sql", True),
        ("findings/verdict.sql", True),
        ("summary/headline.sql", False),
        ("run/as_of.sql", False),
    ],
)
def test_the_digest_follows_the_sql_of_the_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, changes: bool
) -> None:
    before = program_digest()
    shutil.copytree(resources.folder("sql"), tmp_path / "sql")
    monkeypatch.setattr(resources, "folder", lambda part: tmp_path / part)
    assert program_digest() == before
    with (tmp_path / "sql" / name).open("a", encoding="utf-8") as file:
        file.write("-- another\n")
    assert (program_digest() != before) is changes


def test_every_stage_named_is_there() -> None:
    from pipeline.run import program  # noqa: PLC0415 - its private names are the point

    home = Path(pipeline.__file__).parent
    assert all((home / name).exists() for name in program._STAGES)
    assert all((resources.folder("sql") / name).is_dir() for name in program._SQL)
