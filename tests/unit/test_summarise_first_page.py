"""What the first page says besides the headline: months against each other, reasons, tasks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from reported import add_course, add_sets, add_verdict, empty_store, put, settings_for

from pipeline.config import OverTime
from pipeline.render.ledger import steps
from pipeline.render.swim_lane import swim_lanes
from pipeline.render.tables import read_report
from pipeline.render.use_sentences import over_time, reasons
from pipeline.summarise import summarise

Con = duckdb.DuckDBPyConnection


@pytest.fixture
def con() -> Iterator[Con]:
    made = empty_store()
    add_sets(made)
    yield made
    made.close()


def rows_of(con: Con, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def months(con: Con, grams: list[int], *, n_off: dict[int, int] | None = None) -> None:
    """Give every month from January 2024 one course of so many grams, some off guideline."""
    for n, amount in enumerate(grams):
        on = date(2024 + n // 12, n % 12 + 1, 1)
        add_course(con, n + 1, n + 1, amount, started_on=on)
        status = "breached" if n in (n_off or {}) else "met"
        add_verdict(con, n + 1, status, patient_key=n + 1)
    con.execute("UPDATE guideline.policy SET from_on = '2024-01-01', as_of = '2025-06-20'")


def test_closed_months_have_limits_by_the_first_twelve_and_the_cut_off_one_is_none(
    con: Con, tmp_path: Path
) -> None:
    months(con, [100, 120] * 7 + [300, 110, 100, 40])
    summarise(con, settings_for(tmp_path))
    found = rows_of(con, "SELECT month_on, amount, mean, low, high, rule, way, meaning "
                    "FROM report.over_time WHERE measure = 'grams' ORDER BY place")  # fmt: skip
    # June 2025 is cut off on the 20th; mean 110, eleven differences of 20: 53.2 on either side
    assert len(found) == 17
    assert {row[2:5] for row in found} == {(Decimal(110), Decimal("56.8"), Decimal("163.2"))}
    told = {row[0]: row[5:] for row in found if row[5]}
    assert told == {date(2025, 3, 1): ("outside", "high", "change")}


def test_eleven_closed_months_have_no_limits_and_say_so(con: Con, tmp_path: Path) -> None:
    months(con, [100, 900] * 5 + [100])
    con.execute("UPDATE guideline.policy SET as_of = '2024-11-30'")
    summarise(con, settings_for(tmp_path))
    report = read_report(con)
    grams = [row for row in report["over_time"] if row["measure"] == "grams"]
    assert len(grams) == 11
    assert {(row["mean"], row["high"], row["rule"]) for row in grams} == {(None, None, None)}
    assert "too few months, no limits" in over_time(grams)


def test_a_share_that_rises_is_for_concern_and_months_all_alike_have_no_limits(
    con: Con, tmp_path: Path
) -> None:
    months(con, [100] * 17, n_off={1: 1, 14: 1, 15: 1})
    summarise(con, settings_for(tmp_path))
    report = read_report(con)
    grams = [row for row in report["over_time"] if row["measure"] == "grams"]
    assert {row["high"] for row in grams} == {None}
    assert "all alike" in over_time(grams)
    shares = [row for row in report["over_time"] if row["measure"] == "off_share"]
    assert [(row["n_off"], row["n_judged"]) for row in shares][:3] == [(0, 1), (1, 1), (0, 1)]
    # mean 1/12, two differences of 1 in eleven: 2.66 * 2/11 = 0.4836 on either side
    assert (shares[0]["mean"], shares[0]["low"]) == (Decimal("0.083333"), None)
    assert shares[0]["high"] == Decimal("0.566970")
    told = {
        row["place"]: (row["rule"], row["way"], row["meaning"]) for row in shares if row["rule"]
    }
    up = ("outside", "high", "concern")
    assert {place for place, said in told.items() if said == up} == {2, 15, 16}
    # the months without between them are more than seven below the mean
    assert set(told.values()) == {up, ("one_side", "low", "improvement")}
    assert "Lower is better" in over_time(shares)


def test_limits_are_made_anew_where_the_site_says_so_and_a_target_is_told_of_the_last(
    con: Con, tmp_path: Path
) -> None:
    months(con, [100, 120] * 7 + [300, 110, 100], n_off={1: 1, 14: 1, 15: 1})
    anew = {"grams": {"restart": {"2025-03": "a second ward", "2023-01": "before all"}},
            "off_share": {"restart": {"2024-03": "new form"}, "target": "0.6"}}  # fmt: skip
    told = settings_for(tmp_path).model_copy(update={"over_time": OverTime.model_validate(anew)})
    summarise(con, told)
    report = read_report(con)
    grams = [row for row in report["over_time"] if row["measure"] == "grams"]
    # what came before the first month cuts nothing; three months are too few for limits
    assert [(row["part"], row["restart_reason"]) for row in grams] == [
        *[(1, "before all")] * 14,
        *[(2, "a second ward")] * 3,
    ]
    assert {row["high"] for row in grams} == {Decimal("163.2"), None}
    assert not any(row["rule"] for row in grams)
    assert "From Mar 2025 (a second ward): 3 closed months: too few months" in over_time(grams)
    shares = [row for row in report["over_time"] if row["measure"] == "off_share"]
    assert {row["part"] for row in shares[:2]} == {1}
    # the twelve months from March on have no course off guideline, so they are all alike
    assert {(row["part"], row["high"], row["assurance"]) for row in shares[2:]} == {(2, None, None)}
    assert over_time(shares).endswith(
        "The site aims at 60.0% at most: without limits nobody can say whether usual variation "
        "keeps to it."
    )


def test_a_month_with_a_course_that_may_grow_is_not_closed(con: Con, tmp_path: Path) -> None:
    months(con, [100, 100, 100])
    add_course(con, 9, 9, 50, started_on=date(2024, 3, 20), is_open=True)
    con.execute("UPDATE guideline.policy SET as_of = '2024-03-31'")
    summarise(con, settings_for(tmp_path))
    found = rows_of(con, "SELECT month_on FROM report.judged_month ORDER BY ALL")
    assert found == [(date(2024, 1, 1),), (date(2024, 2, 1),)]


def test_reasons_are_ranked_and_add_up(con: Con, tmp_path: Path) -> None:
    for course, clause in ((1, "dose_total"), (2, "dose_total"), (3, "dose_total"), (4, "days")):
        add_course(con, course, course, 100)
        add_verdict(con, course, "breached", clause=clause, patient_key=course)
    summarise(con, settings_for(tmp_path))
    report = read_report(con)
    told = report["off_guideline_reason"]
    assert [(row["clause"], row["n_courses"], row["share_so_far"]) for row in told] == [
        ("dose_total", 3, Decimal("0.75")), ("days", 1, Decimal(1)),
    ]  # fmt: skip
    assert reasons(told, 2).startswith("2 reasons of 2 make 100.0%")


def test_what_to_do_is_counted_and_what_is_nothing_is_left_out(con: Con, tmp_path: Path) -> None:
    add_course(con, 1, 1, 100)
    add_verdict(con, 1, "breached")
    add_course(con, 2, 2, 60)
    add_verdict(con, 2, "not_assessable", reason="no_weight", patient_key=2)
    put(con, "derived.ledger_line", line_key=1, state="broken", unexplained_g=5)
    put(con, "derived.ledger_line", line_key=2, state="closed")
    summarise(con, settings_for(tmp_path))
    found = rows_of(con, "SELECT to_do, n, n_of, chapter, detail FROM report.action_list "
                    "WHERE to_do IN ('off_guideline', 'ledger', 'facts', 'reviews', 'signals') "
                    "ORDER BY place")  # fmt: skip
    assert found == [
        ("off_guideline", 1, 1, "worklist", None),
        ("ledger", 1, 2, "ledger", None),
        ("facts", 1, 2, "rules", "no_weight"),
    ]


def test_a_finding_that_reviewers_settled_is_nothing_to_do_any_more(
    con: Con, tmp_path: Path
) -> None:
    add_course(con, 1, 1, 100)
    add_verdict(con, 1, "breached")
    ((key,),) = rows_of(con, "SELECT finding_key FROM audit.finding")
    put(con, "audit.adjudication", sequence=1, finding_key=key, facts_digest="facts of today",
        decision="confirmed", reason="", reviewer="A", decided_on=date(2025, 7, 1))  # fmt: skip
    summarise(con, settings_for(tmp_path))
    assert rows_of(con, "SELECT n FROM report.action_list WHERE to_do = 'off_guideline'") == []


def test_the_ledger_ends_at_nothing_whatever_went_where() -> None:
    row = dict.fromkeys(("authorised_g", "wasted_g", "returned_g", "carried_out_g"))
    row |= {"dispensed_g": Decimal(100), "carried_in_g": Decimal(5), "infused_g": Decimal(110),
            "wasted_g": Decimal(2), "unexplained_g": Decimal(-7)}  # fmt: skip
    told = steps(row)
    assert [(step["start_g"], step["end_g"]) for step in told] == [
        (0, 100), (100, 105), (105, -5), (-5, -7), (-7, 0),
    ]  # fmt: skip
    assert steps(row | {"unexplained_g": None})[-1]["grams"] == 0


def test_lanes_hold_every_course_of_a_flagged_patient_and_no_other(
    con: Con, tmp_path: Path
) -> None:
    for course, patient, on in ((1, 1, date(2025, 1, 6)), (2, 1, date(2025, 4, 7)),
                                (3, 2, date(2025, 2, 3))):  # fmt: skip
        add_course(con, course, patient, 100, started_on=on)
    add_verdict(con, 2, "breached", patient_key=1)
    add_verdict(con, 3, "met", patient_key=2)
    summarise(con, settings_for(tmp_path))
    (lane,) = swim_lanes(read_report(con))
    assert [row["lane"] for row in lane["rows"]] == ["course", "course", "off_guideline"]
    assert [mark["x"] for mark in lane["marks"]] == [104.0, 744.0, 744.0]
    assert [tick["text"] for tick in lane["ticks"]] == ["2025-02", "2025-03", "2025-04"]
    assert lane["sentence"].startswith("2 courses from 6 Jan 2025 to 7 Apr 2025, 200 g; 1 off")
