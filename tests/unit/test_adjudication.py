"""A reviewer's file is read exactly or not at all, and no value of it is ever told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.run.adjudication import (
    Told,
    all_decisions,
    as_csv,
    keep_decisions,
    merged,
    read_decisions,
)
from schemas.adjudication import Decision

HEAD = "finding_key,facts_digest,decision,reason,reviewer,date\n"
KEY, FACTS = "0123456789abcdef", "fedcba9876543210"
GOOD = f"{KEY},{FACTS},justified,ZQ-reason,ZQ-reviewer,2025-01-31\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "adjudications.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def fault(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read_decisions(written(folder, text))
    assert caught.value.exit_code == 15
    assert "ZQ-" not in str(caught.value)
    return str(caught.value)


def test_a_good_file_is_read_whatever_the_order_of_its_columns(tmp_path: Path) -> None:
    (told,) = read_decisions(written(tmp_path, "\ufeff" + HEAD + GOOD))
    assert told == Told(KEY, FACTS, "justified", "ZQ-reason", "ZQ-reviewer", "2025-01-31")
    turned = (
        "date,reviewer,reason,decision,facts_digest,finding_key\r\n\r\n"
        f"2025-01-31,ZQ-reviewer,ZQ-reason,justified,{FACTS},{KEY}\r\n"
    )
    assert read_decisions(written(tmp_path, turned)) == [told]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD.replace("justified", "ZQ-maybe"), "decision is none of"),
        (GOOD.replace("justified", "Justified"), "decision is none of"),
        (GOOD.replace(KEY, "ZQ-key"), "finding_key"),
        (GOOD.replace(KEY, KEY.upper()), "finding_key"),
        (GOOD.replace(FACTS, ""), "facts_digest"),
        (GOOD.replace("2025-01-31", "2025-02-30"), "date"),
        (GOOD.replace("2025-01-31", "31/01/2025"), "date"),
        (GOOD.replace("ZQ-reviewer", ""), "reviewer"),
        (GOOD.replace("ZQ-reviewer", "\u200b"), "reviewer"),
        (GOOD.replace("ZQ-reviewer", '"ZQ-one\ntwo"'), "reviewer"),
        (GOOD.replace("2025-01-31", "0000-01-31"), "date"),
        (GOOD.replace("ZQ-reason", "  "), "need one"),
        (GOOD.replace("ZQ-reason", "ZQ-" + "x" * 10_000), "longer than"),
        (GOOD.replace(",2025-01-31", ""), "5 cells instead of 6"),
        (GOOD.replace("\n", ",more\n"), "7 cells instead of 6"),
        (GOOD.replace("ZQ-reason", '"ZQ-open'), "quote"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_what_is_wrong(
    tmp_path: Path, row: str, said: str
) -> None:
    told = fault(tmp_path, HEAD + GOOD + row)
    assert "line 3: " in told
    assert said in told


def test_a_decision_of_a_day_to_come_is_refused_with_its_line_and_what_history_keeps_is_not(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, HEAD + GOOD + GOOD.replace("2025-01-31", "2025-02-02"))
    with pytest.raises(ConfigError, match="line 3: date is still to come"):
        read_decisions(path, latest=date(2025, 2, 1))
    assert len(read_decisions(path, latest=date(2025, 2, 2))) == 2
    assert len(read_decisions(path)) == 2


def test_every_fault_is_told_at_once_and_many_are_counted(tmp_path: Path) -> None:
    bad = GOOD.replace("justified", "ZQ-maybe")
    told = fault(tmp_path, HEAD + GOOD + bad + GOOD + bad)
    assert "line 3: " in told
    assert "line 5: " in told
    assert "and 5 more" in fault(tmp_path, HEAD + bad * 25)


def test_a_reason_of_several_lines_counts_as_the_line_it_begins_on(tmp_path: Path) -> None:
    long = GOOD.replace("ZQ-reason", '"ZQ-one\ntwo\nthree"')
    told = fault(tmp_path, HEAD + long + GOOD.replace("justified", "ZQ-maybe"))
    assert "line 5: decision" in told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "a,b\n",
        HEAD.replace(",", ";"),
        HEAD.replace("date", "decision"),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str | bytes) -> None:
    fault(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_decisions(tmp_path / "adjudications.csv")


WORDS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda text: text and not text.startswith("'"))
)


@given(
    st.lists(
        st.builds(
            Told,
            st.sampled_from([KEY, FACTS]),
            st.sampled_from([KEY, FACTS]),
            st.sampled_from([word.value for word in Decision]),
            WORDS | st.sampled_from(["=1+1", "-2", "@x", '"', "a,b"]),
            WORDS.map(lambda text: f"R {text}").filter(lambda text: text.isprintable()),
            st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str),
        ),
        unique=True,
    )
)
def test_what_is_given_back_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, decisions: list[Told]
) -> None:
    folder = tmp_path_factory.mktemp("back")
    assert read_decisions(written(folder, as_csv(decisions))) == decisions


def test_the_decision_that_stood_last_stands_when_the_file_is_gone(tmp_path: Path) -> None:
    first, last = (
        Told(KEY, FACTS, word, "", "r", "2025-01-01") for word in ("confirmed", "unclear")
    )
    third = Told(KEY, FACTS, "withdrawn", "", "r", "2025-01-02")
    told = ([first, last], [last, first], [last, first, third])
    for number, decisions in enumerate(told):
        (tmp_path / str(number)).mkdir()
        written(tmp_path / str(number), as_csv(decisions))
        keep_decisions(tmp_path / str(number), tmp_path)
        assert all_decisions(tmp_path, []) == decisions
    keep_decisions(tmp_path / "1", tmp_path)  # an older run knows nothing better
    assert all_decisions(tmp_path, []) == told[-1]


def test_merging_loses_nothing_and_the_file_of_today_comes_last() -> None:
    one, two, three = (
        Told(KEY, FACTS, word, "", "r", "2025-01-01")
        for word in ("confirmed", "unclear", "withdrawn")
    )
    assert merged([one, two], [three, one]) == [two, three, one]
    assert merged([one], []) == [one]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_reason_that_a_spreadsheet_would_run_is_given_back_quoted_and_read_as_it_was(
    tmp_path: Path, sign: str
) -> None:
    told = Told(KEY, FACTS, "justified", f"{sign}1+1", "ZQ-reviewer", "2025-01-31")
    text = as_csv([told])
    assert f",'{sign}1+1," in text
    assert read_decisions(written(tmp_path, text)) == [told]
