"""The grams of a course by each weight, and what the set's own weight would have spared."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from empty_store import insert, rows_of, shown
from reckoned import answer, courses, reckon, verdicts, ward, ways

from pipeline import resources

MOST_2 = """
    rule_key | total_max_g_per_kg
    1        | 2
"""
FIXED_2 = """
    rule_key | total_min_g_per_kg | total_max_g_per_kg
    1        | 2                  | 2
"""
OBESE = """
    course_key | dose_g | actual | ideal | adjusted | policy
    1          | 190    | 95     | 52.38 | 69.43    | 69.43
"""
MET = "rule_key | course_key\n1 | 1"


def one(
    con: duckdb.DuckDBPyConnection, rules: str, drawn: str, columns: str, said: str = MET
) -> tuple[str | None, ...]:
    """Return these columns of the one course drawn."""
    ways(con, rules)
    courses(con, rows_of(drawn))
    verdicts(con, rows_of(said))
    (row,) = answer(con, columns)
    return tuple(row.values())


# The patients of the reference (dosing, section 5), given what their actual weight asks for.
@pytest.mark.parametrize(
    ("rounding", "drawn"),
    [
        (
            "nearest_5g",
            """
            id  | g_per_kg | actual | policy | given | allowed | avoidable
            E1  | 2        | 100    | 82.28  | 200   | 165     | 35   -- ontario: 164.6 g
            E2  | 2        | 95     | 69.43  | 190   | 140     | 50   -- ontario: 138.9 g
            E2  | 2        | 95     | 52.38  | 190   | 105     | 85   -- ideal: 104.8 g
            E3  | 1        | 75     | 75     | 75    | 75      | 0
            E4  | 1        | 60     | 60     | 60    | 60      | 0    -- lean: never above actual
            E5  | 0.4      | 48     | 48     | 20    | 20      | 0    -- 19.2 g, below 152.4 cm
            E5  | 0.4      | 48     | 43.33  | 20    | 15      | 5    -- ideal: 17.3 g
            E6  | 2        | 68     | 61.35  | 135   | 125     | 10   -- ontario: 122.7 g
            E7  | 0.4      | 20     | 20     | 10    | 10      | 0    -- a child of 8 g
            E8  | 2        | 80     | 72.65  | 160   | 145     | 15   -- ontario: 145.3 g
            E8  | 2        | 80     | 59.04  | 160   | 120     | 40   -- England's calculator
            E10 | 2        | 140    | 91.78  | 280   | 185     | 95   -- ontario: 183.6 g
            E10 | 2        | 140    | 59.63  | 280   | 120     | 160  -- ideal: 119.3 g
            """,
        ),
        (
            "round_down_vial",
            """
            id  | g_per_kg | actual | policy | given | allowed | avoidable
            E3  | 1        | 75     | 74.99  | 75    | 75      | 0    -- 75.0 kg, not 70 g
            E2  | 2        | 95     | 70.62  | 190   | 140     | 50   -- 141.2 g
            E7  | 0.4      | 20     | 20     | 10    | 5       | 5    -- 8 g
            """,
        ),
        (
            "none",
            """
            id  | g_per_kg | actual | policy | given | allowed | avoidable
            E1  | 2        | 100    | 82.28  | 200   | 165     | 35
            E2  | 2        | 95     | 52.38  | 105   | 105     | 0    -- 104.8 g, up to a vial
            E2  | 2        | 95     | 52.38  | 110   | 105     | 5
            E3  | 1        | 75     | 75     | 75    | 75      | 0    -- exactly whole vials
            """,
        ),
        (
            "nearest_vial",
            """
            id  | g_per_kg | actual | policy | given | allowed | avoidable
            E5  | 0.4      | 48     | 43.33  | 20    | 15      | 5
            half | 1       | 52.5   | 52.5   | 55    | 55      | 0    -- half a vial: up
            """,
        ),
    ],
)
def test_the_patients_of_the_reference(rounding: str, drawn: str) -> None:
    con = ward(rounding=rounding)
    rows = rows_of(drawn)
    for key, row in enumerate(rows, start=1):
        ways(con, f"rule_key | total_max_g_per_kg\n{key} | {row['g_per_kg']}")
        weights = {name: row[name] for name in ("actual", "policy")}
        courses(con, [{"course_key": str(key), "dose_g": row["given"], **weights}])
        verdicts(con, [{"course_key": str(key), "rule_key": str(key)}])
    assert answer(con, "allowed_g AS allowed, avoidable_g AS avoidable, reason") == [
        {"allowed": row["allowed"], "avoidable": row["avoidable"], "reason": None} for row in rows
    ]


def test_the_most_by_each_weight_stands_beside_it() -> None:
    found = one(
        ward(), MOST_2, OBESE, "most_actual_g, most_ideal_g, most_adjusted_g, most_policy_g"
    )
    assert found == ("190", "104.76", "138.86", "138.86")


def test_a_cap_lowers_the_most_by_every_weight() -> None:
    rules = "rule_key | total_max_g_per_kg | course_cap_g\n1 | 2 | 100"  # E9, MIS-C
    drawn = "course_key | dose_g | actual | ideal | policy\n1 | 180 | 90 | 56.91 | 56.91"
    found = one(ward(), rules, drawn, "most_actual_g, most_ideal_g, allowed_g, avoidable_g")
    assert found == ("100", "100", "100", "80")


def test_a_cap_is_no_floor() -> None:
    rules = "rule_key | total_max_g_per_kg | course_cap_g | day_cap_g\n1 | 2 | 100 | 90"
    drawn = "course_key | dose_g | actual\n1 | 80 | 20"
    assert one(ward(), rules, drawn, "allowed_g, avoidable_g") == ("40", "40")


def test_a_weight_that_is_not_known_is_not_the_cap() -> None:
    rules = "rule_key | total_max_g_per_kg | course_cap_g\n1 | 2 | 100"
    drawn = "course_key | dose_g | actual\n1 | 90 | 90"
    assert one(ward(), rules, drawn, "most_ideal_g, avoidable_g") == (None, "0")


def test_a_day_counts_for_all_the_days_it_may_be_given() -> None:
    rules = "rule_key | day_max_g_per_kg | days_max | day_cap_g\n1 | 0.4 | 5 | 25"
    drawn = "course_key | dose_g | actual | n_days\n1 | 135 | 70 | 2"
    # 0.4 x 70 = 28 g, capped at 25 g a day: 125 g; two days of whole vials: 130 g
    assert one(ward(), rules, drawn, "most_actual_g, avoidable_g") == ("125", "5")


def test_days_without_a_number_are_those_given() -> None:
    rules = "rule_key | day_max_g_per_kg\n1 | 1"
    drawn = "course_key | dose_g | actual | n_days\n1 | 150 | 50 | 3"
    assert one(ward(), rules, drawn, "most_actual_g, avoidable_g") == ("150", "0")


def test_a_total_is_not_lowered_by_a_day_without_a_number_of_days() -> None:
    rules = "rule_key | day_max_g_per_kg | total_max_g_per_kg\n1 | 1 | 2"
    drawn = "course_key | dose_g | actual\n1 | 100 | 50"
    assert one(ward(), rules, drawn, "most_actual_g, avoidable_g") == ("100", "0")


def test_a_month_counts_for_the_longest_interval_or_a_longer_one() -> None:
    rules = "rule_key | month_max_g_per_kg | interval_max_days\n1 | 1 | 28"
    drawn = """
        course_key | dose_g | actual | interval_status | interval_days
        1          | 60     | 60.88  | known           | 14    -- 60.88 x 28 / 30.44 = 56 g
        2          | 65     | 60.88  | known           | 35    -- 70 g
        3          | 65     | 60.88  | first           |
    """
    con = ward()
    ways(con, rules)
    courses(con, rows_of(drawn))
    verdicts(con, rows_of("rule_key | course_key\n1 | 1\n1 | 2\n1 | 3"))
    assert answer(con, "ROUND(most_actual_g, 2) AS most, avoidable_g") == rows_of("""
        most | avoidable_g
        56   | 0
        70   | 0
        56   | 5
    """)


def test_rounding_down_never_goes_below_the_floor() -> None:
    drawn = "course_key | dose_g | actual | vial_step_g\n1 | 150 | 70.4 | 5"
    con = ward(rounding="round_down_vial")
    # 140.8 g at least, and at most: 145 g is what vials of 5 g make of it
    assert one(con, FIXED_2, drawn, "allowed_g, avoidable_g") == ("145", "5")
    con = ward(rounding="round_down_vial")
    assert one(con, MOST_2, drawn, "allowed_g, avoidable_g") == ("140", "10")


def test_a_small_dose_is_never_rounded_to_nothing() -> None:
    for rounding in ("round_down_vial", "nearest_vial", "nearest_5g"):
        drawn = "course_key | dose_g | actual\n1 | 5 | 1"
        assert one(ward(rounding=rounding), MOST_2, drawn, "allowed_g, avoidable_g") == ("5", "0")


@pytest.mark.parametrize(
    ("drawn", "allowed"),
    [
        ("course_key | dose_g | actual | age_years\n1 | 75 | 36.9 | 18", "70"),
        ("course_key | dose_g | actual | age_years\n1 | 15 | 7.5 | 18", "15"),
        ("course_key | dose_g | actual | age_years\n1 | 15 | 7.4 | 18", "14"),
        ("course_key | dose_g | actual | age_years\n1 | 15 | 6.6 | 18", "13"),
        ("course_key | dose_g | actual | age_years\n1 | 15 | 2.4 | 18", "4"),
        ("course_key | dose_g | actual | age_years\n1 | 15 | 0.7 | 18", "2"),
        ("course_key | dose_g | actual | age_years\n1 | 75 | 36.9 | 17", "75"),
        ("course_key | dose_g | actual | age_years\n1 | 75 | 36.9 | ", "75"),
    ],
    ids=["down", "on the bound", "twos", "five and twos", "below five", "a drop", "child", "age?"],
)
def test_a_rule_on_rounding_counts_for_whom_it_speaks_of(drawn: str, allowed: str) -> None:
    con = ward(rounding="round_down_vial")
    insert(con, "guideline.rule", rows_of("rule_key | set_key | age_min_years\n90 | 1 | 18"))
    steps = "rule_key | rounding | step_g | small_below_g | small_step_g\n90 | down | 5 | 15 | 2"
    insert(con, "guideline.rounding_rule", rows_of(steps))
    assert one(con, MOST_2, drawn, "allowed_g") == (allowed,)


def test_each_day_is_made_of_whole_vials_where_the_set_says_nothing() -> None:
    drawn = "course_key | dose_g | actual | n_days | vial_step_g\n1 | 160 | 69.43 | 4 | 10"
    # 138.86 g on four days of 10 g vials: 160 g
    assert one(ward(), MOST_2, drawn, "allowed_g, avoidable_g") == ("160", "0")


def test_a_policy_nobody_read_makes_nothing_avoidable_that_another_weight_allows() -> None:
    found = one(ward(is_read=False), MOST_2, OBESE, "avoidable_g, disputed_g, state, reason")
    assert found == ("0", "50", "nought", "policy_not_read")


def test_a_policy_nobody_read_leaves_avoidable_what_no_weight_allows() -> None:
    drawn = OBESE.replace("190 ", "200 ")
    found = one(ward(is_read=False), MOST_2, drawn, "avoidable_g, disputed_g, state, reason")
    assert found == ("10", "50", "reckoned", None)


def test_within_the_weight_of_a_policy_nobody_read_nothing_hangs_on_it() -> None:
    drawn = OBESE.replace("190 ", "140 ")
    found = one(ward(is_read=False), MOST_2, drawn, "avoidable_g, disputed_g, state, reason")
    assert found == ("0", "0", "reckoned", None)


def test_a_rule_that_names_its_own_weight_was_read_where_that_is_said() -> None:
    for status, expected in (("transcribed", "50"), ("secondary", "0")):
        con = ward(is_read=False)
        ways(con, f"rule_key | total_max_g_per_kg | status\n1 | 2 | {status}")
        courses(con, rows_of(OBESE))
        con.execute("UPDATE guideline.rule SET weight_policy = 'own'")
        con.execute("UPDATE derived.dosing_weight SET weight_policy = 'own'")
        verdicts(con, rows_of(MET))
        assert answer(con, "avoidable_g") == [{"avoidable_g": expected}]


def test_without_a_height_it_is_unknown_and_in_no_sum() -> None:
    con = ward()
    ways(con, MOST_2)
    courses(con, rows_of("course_key | dose_g | actual | why\n1 | 190 | 95 | no_height"))
    courses(con, rows_of("course_key | dose_g | actual\n2 | 110 | 50"))
    verdicts(
        con,
        rows_of("""
            rule_key | course_key | status         | reason
            1        | 1          | not_assessable | no_height
            1        | 2          | breached       |
        """),
    )
    assert answer(con, "avoidable_g, same_ideal_g, state, reason") == rows_of("""
        avoidable_g | same_ideal_g | state    | reason
                    |              | unknown  | no_height
        10          |              | reckoned |
    """)
    total = (
        "SELECT n_courses, n_reckoned, n_unknown, dose_g, avoidable_g"
        " FROM report.dose_weight_sum WHERE part = 'all'"
    )
    assert shown(con, total) == rows_of("""
        n_courses | n_reckoned | n_unknown | dose_g | avoidable_g
        2         | 1          | 1         | 110    | 10
    """)
    assert shown(con, "SELECT reason, n_courses, dose_g FROM report.dose_weight_reason") == rows_of(
        "reason | n_courses | dose_g\nno_height | 1 | 190"
    )


def test_only_unknown_courses_give_no_sum_and_no_nought() -> None:
    con = ward()
    ways(con, MOST_2)
    courses(con, rows_of("course_key | dose_g | why\n1 | 190 | no_weight"))
    said = "rule_key | course_key | status | reason\n1 | 1 | not_assessable | no_weight"
    verdicts(con, rows_of(said))
    reckon(con)
    assert con.sql(
        "SELECT DISTINCT avoidable_g, countable_g, share_avoidable FROM report.dose_weight_sum"
    ).fetchall() == [(None, None, None)]


@pytest.mark.parametrize(
    ("uncertain", "reason"), [("false", "no_dose"), ("true", "dose_uncertain")]
)
def test_grams_that_are_not_known_are_unknown(uncertain: str, reason: str) -> None:
    drawn = f"course_key | dose_g | actual | is_dose_uncertain\n1 | | 50 | {uncertain}"
    said = "rule_key | course_key | status\n1 | 1 | breached"
    assert one(ward(), MOST_2, drawn, "avoidable_g, reason", said) == (None, reason)


def test_a_stale_weight_is_taken_at_its_upper_end() -> None:
    drawn = "course_key | dose_g | actual | is_stale\n1 | 115 | 50 | true"
    # 2 g/kg of 55 kg: 110 g; the most by the weight itself stays 100 g
    found = one(ward(), MOST_2, drawn, "most_policy_g, allowed_g, avoidable_g")
    assert found == ("100", "110", "5")


def test_two_rules_on_one_course_count_once_and_the_most_lenient() -> None:
    rules = "rule_key | total_max_g_per_kg\n1 | 1\n2 | 2\n3 | 2"
    drawn = "course_key | dose_g | actual\n1 | 110 | 50"
    said = """
        rule_key | course_key | status   | is_countable
        1        | 1          | breached | true
        2        | 1          | breached | true
        3        | 1          | breached | false
    """
    con = ward()
    assert one(con, rules, drawn, "rule_key, avoidable_g", said) == ("2", "10")
    assert shown(
        con,
        "SELECT part, n_courses, avoidable_g, countable_g FROM report.dose_weight_sum ORDER BY 1",
    ) == rows_of("""
        part | n_courses | avoidable_g | countable_g
        all  | 1         | 10          | 10
        rule | 1         | 10          | 10
    """)


def test_all_ways_of_a_rule_count_but_for_other_steps_of_a_schedule() -> None:
    rules = """
        rule_key | total_max_g_per_kg | treatment_min_months
        1        | 1                  | 6
        1        | 2                  | 0
        2        | 1                  |
        2        | 1.5                |
    """
    drawn = "course_key | dose_g | actual\n1 | 100 | 50"
    said = "rule_key | course_key | status | regimen_key\n1 | 1 | breached | 1"
    assert one(ward(), rules, drawn, "allowed_g", said) == ("50",)
    said = "rule_key | course_key | status | regimen_key\n2 | 1 | breached | 3"
    assert one(ward(), rules, drawn, "allowed_g", said) == ("75",)


def test_another_rule_that_could_not_be_judged_might_have_allowed_it() -> None:
    rules = "rule_key | total_max_g_per_kg\n1 | 1\n2 | 2"
    said = """
        rule_key | course_key | status         | reason
        1        | 1          | breached       |
        2        | 1          | not_assessable | condition_unknown
    """
    above = "course_key | dose_g | actual\n1 | 100 | 50"
    found = one(ward(), rules, above, "avoidable_g, state, reason", said)
    assert found == (None, "unknown", "condition_unknown")
    within = "course_key | dose_g | actual\n1 | 50 | 50"
    assert one(ward(), rules, within, "avoidable_g, state, reason", said) == ("0", "reckoned", None)


def test_a_rule_without_an_upper_limit_allows_anything() -> None:
    rules = "rule_key | total_min_g_per_kg | total_max_g_per_kg\n1 | 1 |\n2 | | 1"
    drawn = "course_key | dose_g | actual\n1 | 900 | 50"
    said = "rule_key | course_key\n1 | 1\n2 | 1"
    found = one(ward(), rules, drawn, "rule_key, avoidable_g, state, reason", said)
    assert found == ("2", "0", "nought", "no_upper_limit")


@pytest.mark.parametrize(
    ("day", "avoidable"),
    [("2025-03-02", "50"), ("2025-03-03", "0"), ("2025-03-05", "0"), ("2025-03-06", "50")],
)
def test_a_repeat_counts_within_its_days_only(day: str, avoidable: str) -> None:
    con = ward()
    insert(con, "derived.session", rows_of(f"""
        session_key | course_key | started_on
        1           | 1          | 2025-03-01
        2           | 1          | {day}
    """))  # fmt: skip
    rules = "rule_key | total_max_g_per_kg | repeat_min_days | repeat_max_days\n1 | 1 | 2 | 4"
    drawn = "course_key | dose_g | actual\n1 | 100 | 50"
    assert one(con, rules, drawn, "avoidable_g") == (avoidable,)


def test_a_course_that_is_the_repeat_may_have_the_dose_of_the_repeat() -> None:
    rules = "rule_key | total_max_g_per_kg | repeat_min_days | repeat_g_per_kg\n1 | 1 | 14 | 2"
    drawn = "course_key | dose_g | actual\n1 | 100 | 50"
    assert one(ward(), rules, drawn, "avoidable_g") == ("0",)


def test_a_dose_no_one_would_give_is_a_slip_until_a_human_has_looked() -> None:
    drawn = "course_key | dose_g | actual\n1 | 500.1 | 50"
    found = one(ward(), MOST_2, drawn, "avoidable_g, reason")
    assert found == (None, "dose_implausible")
    assert one(ward(), MOST_2, drawn.replace("500.1", "500"), "avoidable_g, reason") == (
        "400",
        None,
    )


def test_a_contradicted_weight_makes_nothing_avoidable() -> None:
    drawn = "course_key | dose_g | actual\n1 | 110 | 50"
    said = "rule_key | course_key | status | cap\n1 | 1 | breached | weight_contradicted"
    assert one(ward(), MOST_2, drawn, "avoidable_g, reason", said) == (None, "weight_contradicted")


def test_courses_of_which_the_set_says_nothing_are_asked_for_nothing() -> None:
    con = ward()
    ways(con, MOST_2)
    courses(con, rows_of("course_key | dose_g | actual\n1 | 500 | 50\n2 | 500 | 50"))
    verdicts(
        con,
        rows_of(
            "rule_key | course_key | status | reason\n1 | 2 | not_applicable | named_without_dose"
        ),
    )
    assert answer(con, "avoidable_g, state, reason") == rows_of("""
        avoidable_g | state   | reason
                    | no_rule | set_has_no_rule
                    | no_rule | named_without_dose
    """)


def test_open_courses_other_periods_other_kinds_and_other_sets_stay_out() -> None:
    con = ward()
    con.execute(
        "UPDATE guideline.policy SET from_on = DATE '2025-03-01', to_on = DATE '2025-03-31'"
    )
    ways(con, "rule_key | set_key | total_max_g_per_kg\n1 | 1 | 2\n2 | 2 | 1")
    courses(
        con,
        rows_of("""
            course_key | dose_g | actual | is_open | started_on
            1          | 110    | 50     | false   | 2025-03-01
            2          | 110    | 50     | true    | 2025-03-02
            3          | 110    | 50     | false   | 2025-04-01
        """),
    )
    verdicts(
        con,
        rows_of("""
            rule_key | set_key | course_key | kind
            1        | 1       | 1          | regimen
            1        | 1       | 2          | regimen
            1        | 1       | 3          | regimen
            2        | 2       | 1          | regimen
            1        | 1       | 1          | infusion_duration
        """),
    )
    assert answer(con, "course_key, avoidable_g") == [{"course_key": "1", "avoidable_g": "10"}]


def test_what_was_ordered_by_adjusted_weight_is_not_adjusted_again() -> None:
    con = ward()
    for key, basis in enumerate(("adjusted", None, "unknown", "ideal", "actual"), start=1):
        courses(
            con,
            rows_of(f"""
                course_key | dose_g | actual | ideal | adjusted
                {key}      | 80     | 100    | 50    | 80
            """),
        )
        insert(con, "derived.infusion", [
            {"infusion_key": str(key), "record": "infusion", "course_key": str(key)}
        ])  # fmt: skip
        insert(con, "staged.infusion", [{"infusion_key": str(key), "weight_basis": basis}])
    assert answer(con, "same_actual_g, same_ideal_g, same_adjusted_g") == rows_of("""
        same_actual_g | same_ideal_g | same_adjusted_g
        100           | 50           | 80      -- ordered as 1 g per adjusted kg
        80            | 40           | 64      -- not said: by the actual weight
        80            | 40           | 64
        160           | 80           | 128
        80            | 40           | 64
    """)


def test_bags_that_name_different_weights_leave_the_order_unknown() -> None:
    con = ward()
    courses(con, rows_of("course_key | dose_g | actual | ideal | adjusted\n1 | 80 | 100 | 50 | 80"))
    for key, basis in enumerate(("adjusted", "actual"), start=1):
        insert(con, "derived.infusion", [
            {"infusion_key": str(key), "record": "infusion", "course_key": "1"}
        ])  # fmt: skip
        insert(con, "staged.infusion", [{"infusion_key": str(key), "weight_basis": basis}])
    found = answer(con, "order_basis, same_actual_g, same_ideal_g")
    assert found == [{"order_basis": "unknown", "same_actual_g": None, "same_ideal_g": None}]


def test_ideal_and_adjusted_weight_never_exceed_the_actual_one() -> None:
    drawn = "course_key | dose_g | actual | ideal | adjusted\n1 | 60 | 60 | 73.18 | 67.91"
    found = one(ward(), MOST_2, drawn, "most_ideal_g, most_adjusted_g, same_ideal_g")
    assert found == ("120", "120", "60")


def test_the_four_weights_are_laid_side_by_side_over_the_same_courses() -> None:
    con = ward()
    ways(con, MOST_2)
    courses(
        con,
        rows_of("""
            course_key | dose_g | actual | ideal | adjusted | policy
            1          | 100    | 50     | 40    | 44       | 40
            2          | 100    | 50     | 40    | 44       | 40      -- no rule
            3          | 100    | 50     |       |          | 50      -- no height
        """),
    )
    verdicts(con, rows_of(MET + "\n1 | 3"))
    reckon(con)
    assert shown(con, "FROM report.dose_weight_basis ORDER BY weight_basis") == rows_of("""
        weight_basis | n_courses | dose_g | same_g | n_limited | limited_dose_g | most_g
        actual       | 2         | 200    | 200    | 1         | 100            | 100
        adjusted     | 2         | 200    | 176    | 1         | 100            | 88
        ideal        | 2         | 200    | 160    | 1         | 100            | 80
        policy       | 2         | 200    | 160    | 1         | 100            | 80
    """)


def test_the_table_is_the_sum_of_its_courses() -> None:
    con = ward(is_read=False)
    ways(con, "rule_key | total_max_g_per_kg\n1 | 2\n2 | 1")
    for key in range(1, 13):
        drawn: dict[str, str | None] = {
            "course_key": str(key),
            "dose_g": str(40 + 15 * key),
            "actual": "60",
        }
        courses(con, [drawn | {"policy": str(40 + key), "patient_key": str(key % 5)}])
        verdicts(con, [{"course_key": str(key), "rule_key": str(1 + key % 2)}])
    reckon(con)
    rows = con.sql("SELECT avoidable_g, disputed_g FROM report.dose_weight").fetchall()
    whole = con.sql(
        "SELECT part, SUM(avoidable_g), SUM(disputed_g), SUM(n_reckoned)"
        " FROM report.dose_weight_sum GROUP BY part ORDER BY part"
    ).fetchall()
    sums = tuple(sum((row[i] for row in rows if row[i] is not None), Decimal(0)) for i in (0, 1))
    assert sums[0] > 0
    assert sums[1] > 0
    assert whole == [(part, *sums, 12) for part in ("all", "rule")]


# 170 cm: a body mass index of 30 is 86.7 kg
def test_the_obese_stand_apart_with_the_grams_by_each_weight() -> None:
    con = ward()
    con.execute("UPDATE guideline.policy SET adult_years = 18")
    insert(
        con,
        "guideline.risk_factor",
        rows_of("""
            risk_factor | sign      | at_least
            obesity     | body_mass | 30
            obesity     | diagnosis |
            age         | age       | 65
        """),
    )
    courses(
        con,
        rows_of("""
            course_key | patient_key | age_years | dose_g | actual | ideal | adjusted
            1          | 1           | 40        | 173.4  | 86.7   | 66    | 74    -- on the limit
            2          | 1           | 40        | 200    | 100    | 66    | 80
            3          | 2           | 40        | 170    | 86.6   | 66    | 74    -- below it
            4          | 3           | 40        | 100    | 90     |       |       -- no ideal
            5          | 4           | 40        | 50     | 90     | 66    | 74    -- no height
            6          | 5           | 17        | 60     | 95     | 66    | 74
            7          | 6           |           | 70     | 95     | 66    | 74
            8          | 7           | 18        | 80     |        |       |       -- no weight
        """),
    )
    con.execute("UPDATE derived.course_weight SET height_cm = 170 WHERE course_key != 5")
    reckon(con)
    select = resources.sql("summary/dose_obese.sql")
    found = shown(con, f"SELECT * FROM ({select}) ORDER BY body_mass")
    assert [{k: v for k, v in row.items() if k != "avoidable_g"} for row in found] == rows_of("""
        body_mass | n_courses | n_patients | n_without_grams | dose_g | n_known | middle_actual_kg | middle_ideal_kg | middle_adjusted_kg | known_dose_g | same_actual_g | same_ideal_g | same_adjusted_g
        not_adult | 2         | 2          | 0               | 130    | 2       | 95               | 66              | 74                 | 130          | 130           | 90.316       | 101.263
        obese     | 3         | 2          | 0               | 473.4  | 2       | 86.7             | 66              | 74                 | 373.4        | 373.4         | 264          | 308
        other     | 1         | 1          | 0               | 170    | 1       | 86.6             | 66              | 74                 | 170          | 170           | 129.561      | 145.266
        unknown   | 2         | 2          | 0               | 130    | 1       | 90               | 66              | 74                 | 50           | 50            | 36.667       | 41.111
    """)  # noqa: E501 - a table


def test_without_a_list_of_risks_nobody_is_called_obese() -> None:
    con = ward()
    con.execute("UPDATE guideline.policy SET adult_years = 18")
    courses(con, rows_of("course_key | age_years | dose_g | actual\n1 | 40 | 100 | 200"))
    con.execute("UPDATE derived.course_weight SET height_cm = 170")
    reckon(con)
    found = shown(con, f"SELECT body_mass FROM ({resources.sql('summary/dose_obese.sql')})")
    assert found == [{"body_mass": "unknown"}]
