"""Every kind of fault in a guideline folder, told together, and nothing written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest
from nightly import extract, typed

from pipeline import resources

SET: Final = """
id = "ward"
prefix = "WARD"
title = "A protocol of the ward"
publisher = "The ward"
authority = "unit"
jurisdiction = "one hospital"
version = "1"
weight_policy = "lean"
is_weight_policy_read = true
dose_tolerance = 0.10
interval_tolerance_days = 4
is_exhaustive = false
[source]
title = "Protocol 12"
"""
RULE: Final = """
[[rule]]
id = "WARD-MG-REGIMEN-{number}"
kind = "regimen"
indications = ["mg"]
severity = "off_guideline"
statement = "What it says."
why = "Why it says so."
status = "transcribed"
{keys}
"""
SOURCE: Final = 'source = { title = "Protocol 12" }'
DOSE: Final = '\n[[rule.regimen]]\nlabel = "once"\ng_per_kg_total = { min = 1, max = 1 }'
RULES: Final = {
    "01": f"sevrity = 'review'\n{SOURCE}{DOSE}",
    "02": SOURCE + DOSE.replace("max = 1 }", 'max = "1" }'),
    "03": f'{SOURCE}\n[[rule.regimen]]\nlabel = "once"',
    "04": SOURCE + DOSE,
    "05": DOSE,
    "06": f"valid_from = 2025-01-02\nvalid_to = 2025-01-01\n{SOURCE}{DOSE}",
    "07": f"{SOURCE}{DOSE}".replace("min = 1", "min = 2"),
    "08": f"products = ['nonesuch']\n{SOURCE}{DOSE}",
}
FAULTS: Final = (
    "ward/set.toml: weight_policy: lean is not known",
    "ward/mg.toml: rule WARD-MG-REGIMEN-01: sevrity: unknown key",
    "ward/mg.toml: rule WARD-MG-REGIMEN-02: regimen.1.g_per_kg_total.max: must be a number",
    "ward/mg.toml: rule WARD-MG-REGIMEN-03: regimen.1: states no dose",
    "ward: rule WARD-MG-REGIMEN-04: id: was given before in ward",
    "ward/mg.toml: rule WARD-MG-REGIMEN-05: source: missing key",
    "ward/mg.toml: rule WARD-MG-REGIMEN-06: valid_from is after valid_to",
    "ward/mg.toml: rule WARD-MG-REGIMEN-07: regimen.1.g_per_kg_total: the lower limit is above",
    "ward/mg.toml: rule WARD-MG-REGIMEN-08: products: nonesuch is not in products/product.csv",
)


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Write a set in which every rule but one has a fault, and one id stands twice."""
    folder = tmp_path / "ours" / "ward"
    folder.mkdir(parents=True)
    (folder / "set.toml").write_text(SET, "utf-8")
    entries = [RULE.format(number=number, keys=keys) for number, keys in RULES.items()]
    (folder / "mg.toml").write_text("".join([*entries, entries[3]]), "utf-8")
    return folder.parent


def test_every_fault_is_told_in_one_go_and_nothing_is_written(
    ward: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = extract(tmp_path / "records")
    (source / "audit.toml").write_text(f'[run]\nguideline_folder = "{ward}"\n', "utf-8")
    commands = (("guideline", "check", ward), ("run", source, "--out", tmp_path / "out"))
    for words in commands:
        done = typed(words, capsys)
        assert done.code == 12
        for fault in FAULTS:
            assert fault in done.stderr
        assert len(done.stderr.splitlines()) == len(FAULTS)
    assert not (tmp_path / "out" / "runs").exists()


def test_faults_of_the_code_lists_are_told_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "guidelines"
    shutil.copytree(resources.folder("guidelines"), library)
    (library / "codelists" / "medicine.csv").unlink()
    with (library / "codelists" / "indication.csv").open("a", encoding="utf-8") as file:
        file.write((library / "codelists" / "indication.csv").read_text("utf-8").splitlines()[1])
    real = resources.folder
    monkeypatch.setattr(
        resources, "folder", lambda name: library if name == "guidelines" else real(name)
    )
    done = typed(("guideline", "check"), capsys)
    assert done.code == 12
    told = done.stderr
    assert "codelists/medicine.csv: the code list is not there" in told
    assert "codelists/indication.csv" in told
    assert "pid stands in line 2 already" in told
    assert "aspirin is not in codelists/medicine.csv" in told
