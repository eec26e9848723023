"""A hospital's own guideline set, written as files for the tests of the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import GuidelineError
from pipeline.guidelines import read_library

HEAD = """
id = "ward-seven"
prefix = "WARD"
title = "Ward seven"
publisher = "A hospital"
authority = "unit"
jurisdiction = "one hospital"
version = "1"
weight_policy = "actual"
is_weight_policy_read = true
dose_tolerance = 0.10
interval_tolerance_days = 4
is_exhaustive = false
source = { title = "Our protocol" }
"""

RULE = """
[[rule]]
id = "WARD-MG-REGIMEN-01"
kind = "regimen"
indications = ["mg"]
severity = "off_guideline"
statement = "1 g/kg."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
[[rule.regimen]]
label = "1 g/kg"
g_per_kg_total = { min = 0.8, max = 1 }
"""

OLDER = RULE.replace('why = "Our', 'valid_to = 2023-12-31\nwhy = "Our', 1)
NEWER = (
    RULE.replace("REGIMEN-01", "REGIMEN-02")
    .replace("max = 1 }", "max = 2 }")
    .replace(
        'why = "Our',
        'valid_from = 2024-01-01\nsupersedes = "WARD-MG-REGIMEN-01"\napplies_to = "new"\n'
        'why = "Our',
        1,
    )
)
PUBLISHED = HEAD.replace('version = "1"', 'version = "1"\npublished_on = 2020-01-01')


def write_set(folder: Path, head: str = HEAD, **files: str) -> Path:
    """Write one set of a hospital's own; return the folder that holds it."""
    own = folder / "ward"
    own.mkdir(parents=True)
    (own / "set.toml").write_text(head, encoding="utf-8")
    for name, text in files.items():
        (own / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def faults_of(folder: Path) -> list[str]:
    """Return every fault of the library with the hospital's folder."""
    with pytest.raises(GuidelineError) as caught:
        read_library(folder)
    assert caught.value.exit_code == 12
    return str(caught.value).splitlines()
