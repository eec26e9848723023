"""What rules on rates may say, and what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ward import faults_of, write_set

from pipeline.guidelines import read_library
from pipeline.guidelines.kinds.infusion_rate import InfusionRateRule

RATE = """
[[rule]]
id = "WARD-ANY-RATE-01"
kind = "infusion_rate"
indications = ["any"]
products = ["kiovig"]
region = "EU"
part = "maximum"
severity = "off_guideline"
statement = "As it says."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('region = "EU"', 'region = "FR"', "region"),
        ('part = "maximum"', 'part = "top"', "part"),
        ('products = ["kiovig"]', "products = []", "products"),
        ('products = ["kiovig"]', 'products = ["kiovig", "iqymune"]', "products: name one"),
        ('region = "EU"', 'region = "US"', "kiovig has no such rate of the label US"),
        ('part = "maximum"', 'part = "maximum"\nphase = "loading"', "phase: a rate holds in every"),
        ('part = "maximum"', 'part = "maximum"\ncondition = "x"', "condition: products/rate"),
        (
            'part = "maximum"',
            'part = "maximum"\npopulation = { sex = "F" }',
            "population: products/rate",
        ),
    ],
)
def test_a_faulty_rule_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in "\n".join(faults_of(write_set(tmp_path, any=RATE.replace(old, new))))


def test_a_rate_says_in_its_own_file_for_which_use_it_holds(tmp_path: Path) -> None:
    text = RATE.replace('["any"]', '["pid"]').replace("WARD-ANY", "WARD-PID")
    (fault,) = faults_of(write_set(tmp_path, pid=text))
    assert "indications: must be" in fault


def test_a_rule_names_whose_label_and_which_part_and_holds_no_figure(tmp_path: Path) -> None:
    (rule,) = read_library(write_set(tmp_path, any=RATE)).sets["ward-seven"].rules
    assert isinstance(rule, InfusionRateRule)
    assert [*rule.rows()] == [("rate_rule", {"region": "EU", "part": "maximum"})]
    assert [*rule.limits()] == ["- the highest rate of kiovig, label EU: products/rate_limit.csv"]


ROUNDING = """
[[rule]]
id = "WARD-ANY-ROUNDING-01"
kind = "rounding"
indications = ["any"]
severity = "review"
statement = "As it says."
why = "Our protocol says so."
status = "transcribed"
source = { title = "Our protocol" }
rounding = "down"
step_g = 5
small_below_g = 15
small_step_g = 2
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"down"', '"whole_vials"', "step_g belongs to nearest and down"),
        ("step_g = 5\nsmall_below_g = 15\nsmall_step_g = 2", "", "step_g belongs to nearest"),
        ("small_below_g = 15\n", "", "small_below_g and small_step_g belong together"),
        ("step_g = 5", "step_g = 0", "step_g"),
    ],
)
def test_a_faulty_rounding_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    told = faults_of(write_set(tmp_path, any=ROUNDING.replace(old, new, 1)))
    assert fault in "\n".join(told)


def test_a_rounding_shows_its_steps(tmp_path: Path) -> None:
    (rule,) = read_library(write_set(tmp_path, any=ROUNDING)).sets["ward-seven"].rules
    assert [*rule.limits()] == ["- down to 5 g; below 15 g also 2 g"]
