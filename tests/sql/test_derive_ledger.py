"""The gram ledger: which records stand in one line, what does not close, that nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from empty_store import Rows, derived, given, insert, instead, rows_of, shown

from pipeline.derive.ledger import refuse_open_ledger
from pipeline.errors import CheckError

LEDGER = ("ledger_apart", "ledger_break", "ledger_month", "ledger_entry", "ledger_line")
BOTH = """
    record
    infusion
    dispensing
"""


def reckon(con: duckdb.DuckDBPyConnection, issues: str, uses: str) -> None:
    """Stage dispensings and infusions of patient 1, 30 g of VENA unless the text says otherwise.

    `on` is the day of June (32 is the 2nd of July) and `at` the hour; without it only the day is
    known. `names` is the dispensing an infusion names.
    """
    instead(con, "audit.record_supplied", BOTH)
    insert(
        con, "staged.dispensing", [_row(row, "dispensing", "dispensed") for row in rows_of(issues)]
    )
    insert(con, "staged.infusion", [_row(row, "infusion", "started") for row in rows_of(uses)])
    derived(con, *LEDGER)


def _row(row: dict[str, str | None], record: str, time: str) -> dict[str, str | None]:
    told = {name: cell for name, cell in row.items() if name not in ("key", "on", "at", "names")}
    on = str(date(2024, 5, 31) + timedelta(days=int(row["on"] or 0)))
    made = {
        f"{record}_key": row["key"],
        f"{time}_on": on,
        f"{time}_at": f"{on} {row['at']}:00" if row.get("at") else None,
    }
    if row.get("names"):
        made["dispensing_key"] = row["names"]
    return {"patient_key": "1", "product_code": "VENA", "dose_g": "30"} | made | told


def lines(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the records of each line, dispensings as d1 and infusions as i1, and its state."""
    found = shown(
        con,
        """
        SELECT
            STRING_AGG(LEFT(e.record, 1) || e.record_key, ' ' ORDER BY e.record, e.record_key)
                AS members,
            MIN(l.state) AS state
        FROM derived.ledger_entry AS e
        INNER JOIN derived.ledger_line AS l ON e.line_key = l.line_key
        GROUP BY e.line_key
        ORDER BY members
        """,
    )
    return {str(row["members"]): str(row["state"]) for row in found}


def breaks(con: duckdb.DuckDBPyConnection) -> Rows:
    """Return the breaks: kind, record and signed grams."""
    return shown(
        con,
        """
        SELECT break, LEFT(record, 1) || record_key AS seen_at, grams
        FROM derived.ledger_break
        ORDER BY ALL
        """,
    )


def cover(con: duckdb.DuckDBPyConnection, text: str) -> None:
    instead(con, "staged.coverage", text)


def test_what_is_issued_and_infused_alike_is_one_plain_line(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at
        1   | 3  | 08:00
        """,
        """
        key | on | at    | names
        1   | 3  | 10:00 | 1
        """,
    )
    assert lines(con) == {"d1 i1": "closed"}
    assert breaks(con) == []
    assert shown(con, "FROM derived.ledger_apart") == []


# what the ids say, and what of it does not close
@pytest.mark.parametrize(
    ("issue", "use", "state", "broken"),
    [
        ({}, {}, "closed", []),
        ({}, {"dose_g": "25"}, "broken", [("grams_differ", "d1", "5")]),
        ({}, {"dose_g": "35"}, "broken", [("grams_differ", "i1", "-5")]),
        ({"wasted_g": "5"}, {"dose_g": "25", "status": "stopped"}, "closed", []),
        ({"returned_g": "5"}, {"dose_g": "25"}, "closed", []),
        ({"returned_g": "5", "wasted_g": "5"}, {"dose_g": "25"}, "broken",
         [("grams_differ", "i1", "-5")]),
        ({}, {"status": "not_given"}, "broken", [("not_infused", "d1", "30")]),
        ({"returned_g": "30"}, {"status": "not_given"}, "closed", []),
        ({}, {"dose_g": "0", "status": "stopped"}, "broken", [("not_infused", "d1", "30")]),
        ({}, {"dose_g": None}, "grams_unknown", [("grams_unknown", "d1", "30")]),
        ({"returned_g": "30"}, {"dose_g": None}, "grams_unknown", []),
        ({}, {"product_code": "VENA 5%"}, "broken",
         [("other_product", "d1", "30"), ("other_product", "i1", "-30")]),
        ({}, {"product_code": "VENA 5%", "dose_g": "20"}, "broken",
         [("grams_differ", "d1", "10"), ("other_product", "d1", "20"),
          ("other_product", "i1", "-20")]),
        ({}, {"product_code": "ODD"}, "closed", []),  # an unknown product contradicts none
        ({"lot_number": "A1"}, {"lot_number": "B2"}, "broken", [("other_lot", "i1", "0")]),
        ({"lot_number": "A-1"}, {"lot_number": "a1"}, "closed", []),
        ({"lot_number": "A1"}, {}, "closed", []),  # a lot nobody wrote down contradicts none
        ({"product_code": "CUTIS"}, {"product_code": "CUTIS", "dose_g": "10"}, "set_aside", []),
        ({"product_code": "BOTH", "route": "SC"}, {"product_code": "BOTH", "route": "SC"},
         "set_aside", []),
    ],
)  # fmt: skip
def test_a_line_tied_by_ids_closes_or_says_why_not(
    con: duckdb.DuckDBPyConnection,
    issue: dict[str, str | None],
    use: dict[str, str | None],
    state: str,
    broken: list[tuple[str, str, str]],
) -> None:
    instead(con, "audit.record_supplied", BOTH)
    one: dict[str, str | None] = {"patient_key": "1", "product_code": "VENA", "dose_g": "30"}
    insert(
        con,
        "staged.dispensing",
        [{**one, "dispensing_key": "1", "dispensed_on": "2024-06-03"} | issue],
    )
    insert(con, "staged.infusion", [
        {**one, "infusion_key": "1", "started_on": "2024-06-03", "dispensing_key": "1"} | use
    ])  # fmt: skip
    derived(con, *LEDGER)
    assert lines(con) == {"d1 i1": state}
    assert [tuple(row.values()) for row in breaks(con)] == broken


def test_one_dispensing_may_serve_several_infusions(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | dose_g
        1   | 3  | 60
        """,
        """
        key | on | dose_g | names
        1   | 3  | 20     | 1
        2   | 4  | 20     | 1
        3   | 5  | 20     |        -- without the id: what is left over fits
        """,
    )
    assert lines(con) == {"d1 i1 i2 i3": "closed"}


def test_one_infusion_may_come_from_several_dispensings(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | dose_g
        1   | 3  | 20
        2   | 3  | 10      -- an infusion can name one dispensing only
        """,
        """
        key | on | dose_g | names
        1   | 3  | 30     | 1
        """,
    )
    assert lines(con) == {"d1 d2 i1": "closed"}


def test_what_is_left_over_takes_no_part_of_a_row(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | dose_g
        1   | 3  | 30
        """,
        """
        key | on | dose_g | names
        1   | 3  | 25     | 1
        2   | 4  | 30     |       -- 5 g are left over, and this needs 30
        """,
    )
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("grams_differ", "d1", "5"),
        ("infused_without_dispensing", "i2", "-30"),
    ]


def test_without_ids_most_grams_find_their_infusion(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at    | dose_g
        1   | 3  | 08:00 | 150
        2   | 20 | 08:00 | 20
        3   | 20 | 08:05 | 10
        """,
        """
        key | on | at    | dose_g
        1   | 3  | 10:00 | 30
        2   | 4  | 10:00 | 30
        3   | 5  | 10:00 | 30
        4   | 6  | 10:00 | 30
        5   | 7  | 10:00 | 30       -- a whole course, issued once
        6   | 20 | 10:00 | 30       -- two sizes of vial, infused as one
        """,
    )
    assert lines(con) == {"d1 i1 i2 i3 i4 i5": "closed", "d2 d3 i6": "closed"}


def test_of_two_the_nearer_in_time_is_meant(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at
        1   | 3  | 08:00
        2   | 5  | 08:00
        """,
        """
        key | on | at
        1   | 5  | 10:00
        """,
    )
    assert lines(con) == {"d1": "broken", "d2 i1": "closed"}
    assert breaks(con) == [{"break": "not_infused", "seen_at": "d1", "grams": "30"}]


@pytest.mark.parametrize(
    ("day", "setting", "state"),
    [
        ("10", "", "closed"),  # seven days later
        ("11", "", "broken"),
        ("2", "", "closed"),  # the day before: written down afterwards
        ("1", "", "broken"),
        ("38", "home", "closed"),  # 35 days later
        ("39", "home", "broken"),
    ],
)
def test_dispensing_and_infusion_lie_near_enough(
    con: duckdb.DuckDBPyConnection, day: str, setting: str, state: str
) -> None:
    reckon(con, "key | on\n1 | 3", f"key | on | care_setting\n1 | {day} | {setting}")
    assert set(lines(con).values()) == {state}


def test_products_are_not_mixed_without_ids(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | product_code
        1   | 3  | VENA
        2   | 9  | CLASS
        """,
        """
        key | on | product_code
        1   | 3  | VENA 5%
        2   | 9  | VENA
        """,
    )
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("infused_without_dispensing", "i1", "-30"),
        ("not_infused", "d1", "30"),
    ]
    assert shown(
        con, "SELECT DISTINCT product_id FROM derived.ledger_apart WHERE line_key = 2"
    ) == [{"product_id": "vena"}]


def test_patients_are_not_mixed(con: duckdb.DuckDBPyConnection) -> None:
    reckon(con, "key | on | patient_key\n1 | 3 | 1", "key | on | patient_key\n1 | 3 | 2")
    assert set(lines(con)) == {"d1", "i1"}


def test_a_row_written_down_twice_is_a_duplicate(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at    | patient_key
        1   | 3  | 08:00 | 1
        2   | 3  | 08:00 | 2
        3   | 3  | 08:00 | 2
        4   | 3  | 08:00 | 3
        """,
        """
        key | on | at    | patient_key | names
        1   | 3  | 10:00 | 1           | 1
        2   | 3  | 10:00 | 1           |        -- without the id
        3   | 3  | 10:00 | 2           | 3
        4   | 3  | 10:00 | 3           | 4
        5   | 3  | 10:00 | 3           | 4      -- with the id
        """,
    )
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("duplicate", "d2", "30"),  # the one that was infused is meant, not the first
        ("duplicate", "i2", "-30"),
        ("duplicate", "i5", "-30"),
    ]


def test_two_bags_alike_are_two_bags(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at
        1   | 3  | 08:00
        2   | 3  | 08:00
        """,
        """
        key | on | at
        1   | 3  | 10:00
        2   | 3  | 10:00
        """,
    )
    assert lines(con) == {"d1 i1": "closed", "d2 i2": "closed"}


def test_who_cannot_be_told_apart_stays_ambiguous(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | at    | lot_number | patient_key
        1   | 3  | 08:00 | A1         | 1
        2   | 3  | 08:00 | B2         | 1
        3   | 3  | 08:00 | A1         | 2
        4   | 3  | 08:00 | B2         | 2
        5   | 3  | 08:00 | A1         | 3
        6   | 3  | 08:00 | B2         | 3
        """,
        """
        key | on | at    | lot_number | patient_key
        1   | 3  | 10:00 |            | 1
        2   | 3  | 10:00 |            | 2
        3   | 3  | 11:00 |            | 2   -- both were infused: their grams close
        4   | 3  | 10:00 | B2         | 3   -- the lot tells them apart
        """,
    )
    assert lines(con) == {
        "d1 d2 i1": "ambiguous_match",
        "d3 d4 i2 i3": "ambiguous_match",
        "d5": "broken",
        "d6 i4": "closed",
    }
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("ambiguous_match", "d2", "30"),
        ("ambiguous_match", "i3", "0"),
        ("not_infused", "d5", "30"),
    ]


def test_an_infusion_of_unknown_grams_takes_what_is_left_near_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    reckon(
        con,
        """
        key | on
        1   | 3
        2   | 25
        """,
        """
        key | on | dose_g
        1   | 4  |
        """,
    )
    assert lines(con) == {"d1 i1": "grams_unknown", "d2": "broken"}


@pytest.mark.parametrize(
    ("issue_waste", "use_waste", "infused", "state"),
    [
        ("10", "5", "15", "closed"),  # pharmacy and ward both discarded
        ("10", "10", "20", "closed"),  # the same waste told twice
        ("5", "10", "20", "closed"),  # the ward's figure closes
        ("10", "5", "20", "closed"),  # the pharmacy's does
        ("10", "5", "26", "broken"),
    ],
)
def test_waste_told_on_both_sides_counts_as_it_closes(
    con: duckdb.DuckDBPyConnection, issue_waste: str, use_waste: str, infused: str, state: str
) -> None:
    given(con, "staged.infusion_lot", f"infusion_key | lot_number | wasted_g\n1 | A | {use_waste}")
    reckon(
        con,
        f"key | on | wasted_g\n1 | 3 | {issue_waste}",
        f"key | on | dose_g | names\n1 | 3 | {infused} | 1",
    )
    assert lines(con) == {"d1 i1": state}


def test_waste_lot_by_lot_counts_where_the_dispensing_names_none(
    con: duckdb.DuckDBPyConnection,
) -> None:
    given(
        con, "staged.dispensing_lot", "dispensing_key | lot_number | wasted_g\n1 | A | 5\n1 | B | 5"
    )
    reckon(con, "key | on\n1 | 3", "key | on | dose_g | names\n1 | 3 | 20 | 1")
    assert lines(con) == {"d1 i1": "closed"}


@pytest.mark.parametrize(
    ("issued", "infused", "said"),
    [
        ("A B", "A B", []),
        ("A B", "B", []),
        ("A", "A B", ["other_lot"]),
        ("A B", "C", ["other_lot"]),
        ("A B", "", []),
    ],
)
def test_lots_of_a_bag_are_among_those_issued_for_it(
    con: duckdb.DuckDBPyConnection, issued: str, infused: str, said: list[str]
) -> None:
    for record, lots in (("dispensing", issued), ("infusion", infused)):
        rows = [{f"{record}_key": "1", "lot_number": lot} for lot in lots.split()]
        insert(con, f"staged.{record}_lot", rows)  # type: ignore[arg-type]  # no cell is missing
    reckon(con, "key | on\n1 | 3", "key | on | names\n1 | 3 | 1")
    assert [row["break"] for row in breaks(con)] == said


@pytest.mark.parametrize(
    ("covered", "issue_day", "use_day", "word"),
    [
        (("2024-05-01", "2024-06-10"), "3", None, "not_infused"),
        (("2024-05-01", "2024-06-09"), "3", None, "outside_period"),  # it may come tomorrow
        (("2024-06-02", "2024-06-30"), "3", None, "not_infused"),
        (("2024-06-03", "2024-06-30"), "3", None, "outside_period"),  # it may have been yesterday
        (("2024-06-13", "2024-06-30"), None, "20", "infused_without_dispensing"),
        (("2024-06-14", "2024-06-30"), None, "20", "outside_period"),
        (("2024-05-01", "2024-06-21"), None, "20", "infused_without_dispensing"),
        (("2024-05-01", "2024-06-20"), None, "20", "outside_period"),
    ],
)
def test_beyond_the_records_nothing_is_a_break(
    con: duckdb.DuckDBPyConnection,
    covered: tuple[str, str],
    issue_day: str | None,
    use_day: str | None,
    word: str,
) -> None:
    rows = [f"{record} | {covered[0]} | {covered[1]}" for record in ("dispensing", "infusion")]
    cover(con, "\n".join(["record | from_on | to_on", *rows]))
    reckon(
        con,
        "key | on\n" + (f"1 | {issue_day}" if issue_day else ""),
        "key | on\n" + (f"1 | {use_day}" if use_day else ""),
    )
    assert [row["break"] for row in breaks(con)] == [word]


def test_a_site_goes_by_its_own_period(con: duckdb.DuckDBPyConnection) -> None:
    cover(
        con,
        """
        record     | site_id | from_on    | to_on      | origin
        infusion   | S1      | 2024-01-01 | 2024-06-05 | declared
        infusion   | S2      | 2024-01-01 | 2024-12-31 | declared
        dispensing |         | 2024-01-01 | 2024-12-31 | declared
        """,
    )
    reckon(
        con,
        """
        key | on | site_id | patient_key
        1   | 3  | S1      | 1
        2   | 3  | S2      | 2
        """,
        "key | on",
    )
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("not_infused", "d2", "30"),
        ("outside_period", "d1", "30"),
    ]


@pytest.mark.parametrize(
    ("named", "day", "word"),
    [
        ("D1", "2024-06-25", "quarantined_row"),  # by its id, whatever the day
        ("D2", "2024-06-03", "not_infused"),  # it names another
        (None, "2024-06-10", "quarantined_row"),
        (None, "2024-06-11", "not_infused"),
        (None, None, "quarantined_row"),
    ],
)
def test_an_infusion_in_quarantine_is_no_infusion_missed(
    con: duckdb.DuckDBPyConnection, named: str | None, day: str | None, word: str
) -> None:
    row = {"dispensing_id": named} if named else {}
    insert(con, "staged.patient_alias", [{"patient_id": "P1", "patient_key": "1"}])
    insert(con, "quarantine.infusion", [
        {"patient_id": "P1", "on_date": day, "row_json": str(row).replace("'", '"')}
    ])  # fmt: skip
    reckon(con, "key | on | dispensing_id\n1 | 3 | D1", "key | on")
    assert [row["break"] for row in breaks(con)] == [word]


def test_a_dispensing_in_quarantine_is_no_dispensing_missed(con: duckdb.DuckDBPyConnection) -> None:
    insert(con, "staged.patient_alias", [{"patient_id": "P1", "patient_key": "1"}])
    insert(con, "quarantine.dispensing", [
        {"patient_id": "P1", "on_date": "2024-06-02", "row_json": '{"dispensing_id": "D9"}'}
    ])  # fmt: skip
    reckon(con, "key | on", "key | on | dispensing_id\n1 | 3 | D9\n2 | 4 | D8")
    assert [tuple(row.values()) for row in breaks(con)] == [
        ("infused_without_dispensing", "i2", "-30"),
        ("quarantined_row", "i1", "-30"),
    ]


def test_months_carry_over_and_close(con: duckdb.DuckDBPyConnection) -> None:
    reckon(
        con,
        """
        key | on | dose_g | patient_key
        1   | 0  | 30     | 1            -- the 31st of May
        2   | 0  | 30     | 2
        3   | 30 | 40     | 3
        """,
        """
        key | on | dose_g | patient_key | names
        1   | 1  | 30     | 1           | 1
        2   | 1  | 20     | 2           | 2
        3   | 31 | 45     | 3           | 3
        """,
    )
    assert shown(
        con,
        """
        SELECT month_on, dispensed_g, carried_in_g, infused_g, carried_out_g, grams_differ_g,
            unexplained_g
        FROM derived.ledger_month
        ORDER BY month_on
        """,
    ) == rows_of(
        """
        month_on   | dispensed_g | carried_in_g | infused_g | carried_out_g | grams_differ_g | unexplained_g
        2024-05-01 | 60          |              |           | 50            | 10             | 10
        2024-06-01 | 40          | 50           | 50        | 40            |                |
        2024-07-01 |             | 40           | 45        |               | -5             | -5
        """  # noqa: E501 - a table reads better in one line per row
    )


def test_days_outside_the_audited_period_stand_apart(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE guideline.policy SET from_on = DATE '2024-06-03'")
    reckon(con, "key | on\n1 | 2", "key | on | names\n1 | 3 | 1")
    assert shown(
        con,
        """
        SELECT is_in_period, dispensed_g, carried_in_g, infused_g, carried_out_g
        FROM derived.ledger_month
        ORDER BY is_in_period
        """,
    ) == rows_of(
        """
        is_in_period | dispensed_g | carried_in_g | infused_g | carried_out_g
        false        | 30          |              |           | 30
        true         |             | 30           | 30        |
        """
    )


def test_what_an_approval_allows_counts_once_a_course(con: duckdb.DuckDBPyConnection) -> None:
    given(
        con,
        "staged.authorisation",
        """
        authorisation_key | patient_key | decision | dose_g | dose_g_per_kg
        1                 | 1           | approved | 60     |
        2                 | 2           | approved |        | 0.4
        3                 | 3           | declined | 99     |
        """,
    )
    given(
        con,
        "staged.body_measurement",
        """
        body_measurement_key | patient_key | measured_on | weight_kg
        1                    | 2           | 2024-06-01  | 70
        """,
    )
    reckon(
        con,
        """
        key | on | patient_key | authorisation_key
        1   | 3  | 1           |
        2   | 4  | 1           |
        3   | 3  | 2           | 2
        4   | 3  | 3           | 3
        """,
        """
        key | on | patient_key | names | authorisation_key
        1   | 3  | 1           | 1     | 1
        2   | 4  | 1           | 2     | 1
        3   | 3  | 2           | 3     |
        4   | 3  | 3           | 4     |
        """,
    )
    assert con.sql("SELECT SUM(authorised_g) FROM derived.ledger_month").fetchall() == [
        (Decimal("88.000"),)
    ]


@pytest.mark.parametrize("record", ["dispensing", "infusion"])
def test_without_one_of_the_tables_every_line_says_so(
    con: duckdb.DuckDBPyConnection, record: str
) -> None:
    instead(con, "audit.record_supplied", f"record\n{record}")
    day = "dispensed_on" if record == "dispensing" else "started_on"
    insert(con, f"staged.{record}", [
        {f"{record}_key": str(key), "patient_key": "1", "product_code": "VENA", "dose_g": "30",
         day: "2024-06-03"}
        for key in (1, 2)
    ])  # fmt: skip
    derived(con, *LEDGER)
    assert set(lines(con).values()) == {"table_not_supplied"}
    assert len(lines(con)) == 2
    assert breaks(con) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE derived.ledger_month SET dispensed_g = dispensed_g + 1",
        "UPDATE derived.ledger_month SET infused_g = infused_g - 1",
        "UPDATE derived.ledger_month SET n_infusions = n_infusions + 1",
        "UPDATE derived.ledger_month SET carried_in_g = 1",
        "UPDATE derived.ledger_month SET unexplained_g = 1",
        "UPDATE derived.ledger_month SET grams_differ_g = 1",
        "DELETE FROM derived.ledger_month",
        "DELETE FROM staged.infusion",
    ],
)
def test_a_ledger_that_lost_a_gram_is_not_published(
    con: duckdb.DuckDBPyConnection, wrong: str
) -> None:
    reckon(con, "key | on\n1 | 3", "key | on | dose_g | names\n1 | 3 | 25 | 1")
    refuse_open_ledger(con)
    con.execute(wrong)
    with pytest.raises(CheckError, match="does not close") as caught:
        refuse_open_ledger(con)
    assert caught.value.exit_code == 13
    assert "25" not in str(caught.value)
