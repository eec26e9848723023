"""The library as it stood on a day, from the option to the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hospital import Hospital, read
from ward import NEWER, OLDER, PUBLISHED

from pipeline.errors import GuidelineError

# 1.8 g/kg: too much until 2023, allowed to treatments begun since
COURSES = {"a": ("2024-03-01", 90), "b": ("2023-12-31", 90)}
JUDGED = """
    SELECT r.rule_id, v.status
    FROM audit.verdict AS v
    INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    WHERE v.kind = 'regimen'
    ORDER BY ALL
"""


def test_the_page_and_the_settings_say_which_library_judged(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    today = hospital.night(COURSES, rules=OLDER + NEWER, head=PUBLISHED)
    assert read(today, JUDGED) == [
        ("WARD-MG-REGIMEN-01", "breached"),
        ("WARD-MG-REGIMEN-02", "met"),
    ]
    then = hospital.night(
        COURSES, rules=OLDER + NEWER, head=PUBLISHED, guideline_as_of="2023-06-30"
    )
    assert read(then, JUDGED) == [("WARD-MG-REGIMEN-01", "breached")] * 2
    asked = "SELECT value FROM audit.setting WHERE name = 'run.guideline_as_of'"
    assert [read(night, asked) for night in (today, then)] == [[("",)], [("2023-06-30",)]]
    page = (then.folder / "report-clinical.html").read_text(encoding="utf-8")
    assert "as it stood on 30 Jun 2023" in page
    assert "--guideline-as-of 2023-06-30" in page
    assert then.run_id != today.run_id


def test_a_set_published_later_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(GuidelineError) as caught:
        Hospital(tmp_path).night(COURSES, rules=OLDER, head=PUBLISHED, guideline_as_of="2019-12-31")
    assert caught.value.exit_code == 12
    assert not (tmp_path / "out" / "latest").exists()
