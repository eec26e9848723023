"""Which version of a rule holds for a course: the SQL agrees with a dull loop over dicts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import Row, World

from pipeline import resources

DAY = date(2024, 1, 1)
days = st.integers(-6, 6).map(lambda n: DAY + timedelta(days=30 * n))
maybe_days = st.none() | days

requests = st.lists(
    st.fixed_dictionaries(
        {
            "asked_on": days,
            "indication_code": st.sampled_from(["itp", "cidp", None]),
            "is_review": st.booleans(),
        }
    ),
    max_size=3,
)
courses = st.lists(
    st.fixed_dictionaries(
        {
            "started_on": days,
            "begun_before": st.integers(0, 300),
            "is_known": st.booleans(),
            "age": st.sampled_from([10, 40]),
            "phase": st.sampled_from(["loading", "maintenance", None]),
            "requests": requests,
        }
    ),
    min_size=1,
    max_size=8,
)
version = st.fixed_dictionaries(
    {
        "applies_to": st.sampled_from(["all", "new", "next_review"]),
        "valid_to": maybe_days,
        "phase": st.sampled_from(["any", "any", "loading", "maintenance"]),
        "age_min_years": st.sampled_from([None, None, 18]),
        "follows": st.integers(0, 2),
    }
)
coverage = st.none() | st.tuples(days, days)


@settings(max_examples=examples(60))
@given(st.lists(version, min_size=2, max_size=4), courses, coverage)
def test_the_version_in_force_is_that_of_a_dull_loop(
    versions: list[Row], people: list[Row], covered: tuple[date, date] | None
) -> None:
    rules = lined_up(versions)
    world = World()
    for rule in rules:
        world.rule(
            rule["rule_key"], "regimen", **{k: v for k, v in rule.items() if k != "rule_key"}
        )
    if covered is not None:
        world.add("audit.record_supplied", record="authorisation")
        world.add(
            "staged.coverage", record="authorisation", from_on=min(covered), to_on=max(covered)
        )
    for key, person in enumerate(people, start=1):
        draw(world, key, person)
    assert standings(world) == {
        key: found
        for key, person in enumerate(people, start=1)
        if (found := expected(rules, person, covered))
    }


def lined_up(versions: list[Row]) -> list[Row]:
    """Return versions that follow one another: each names an earlier one, and begins later."""
    rules: list[Row] = []
    for number, drawn in enumerate(versions):
        rule = {name: value for name, value in drawn.items() if name != "follows"}
        rule |= {"rule_key": number + 1, "rule_id": f"R-{number + 1}", "supersedes": None}
        if number == 0:
            rule |= {"valid_from": None, "applies_to": "all"}
        else:
            rule["valid_from"] = DAY + timedelta(days=60 * number - 150)
            older = rules[min(drawn["follows"], number - 1)]
            rule["supersedes"] = older["rule_id"]
            if older["valid_to"] and older["valid_to"] >= rule["valid_from"]:
                older["valid_to"] = rule["valid_from"] - timedelta(days=1)
        if rule["valid_from"] and rule["valid_to"] and rule["valid_to"] < rule["valid_from"]:
            rule["valid_to"] = None
        rules.append(rule)
    return rules


def draw(world: World, key: int, person: Row) -> None:
    world.course(
        key,
        started_on=person["started_on"],
        treatment_started_on=person["started_on"] - timedelta(days=person["begun_before"]),
        is_treatment_start_known=person["is_known"],
        age_years=person["age"],
        phase=person["phase"],
    )
    for request in person["requests"]:
        table = "outcome_review" if request["is_review"] else "authorisation"
        column = "reviewed_on" if request["is_review"] else "requested_on"
        world.add(
            f"staged.{table}",
            patient_key=key,
            indication_code=request["indication_code"],
            **{column: request["asked_on"]},
        )


def standings(world: World) -> dict[int, dict[int, str]]:
    """Return the versions in force of each course, as the SQL finds them."""
    world.fill()
    for table in ("scope", "course_version"):
        select = resources.sql(f"checks/shared/{table}.sql")
        world.con.execute(f"CREATE TABLE audit.{table} AS {select}")
    found = world.con.sql("SELECT course_key, standing FROM audit.course_version").fetchall()
    world.con.close()
    return {key: dict(standing) for key, standing in found}


def expected(rules: list[Row], person: Row, covered: tuple[date, date] | None) -> dict[int, str]:
    """Ask every version in turn; one holds when no later one has taken the course over."""
    begun = [
        rule
        for rule in rules
        if (rule["valid_from"] is None or rule["valid_from"] <= person["started_on"])
        and (rule["age_min_years"] is None or person["age"] >= rule["age_min_years"])
    ]
    said = {rule["rule_key"]: admission(rule, person, covered) for rule in begun}
    holding: dict[int, str] = {}
    for rule in begun:
        standing = said[rule["rule_key"]]
        if standing is None:
            continue
        heirs = [other for other in begun if speaks_for(other, rule, person)]
        later = [other for other in heirs if descends(other, rule, rules)]
        if any(said[other["rule_key"]] is not None for other in later):
            continue
        is_over = rule["valid_to"] is not None and person["started_on"] > rule["valid_to"]
        if is_over and not any(other["supersedes"] == rule["rule_id"] for other in later):
            continue
        holding[rule["rule_key"]] = standing
    return holding


def admission(rule: Row, person: Row, covered: tuple[date, date] | None) -> str | None:
    """Return '' when the version takes the course, None when not, else why nobody knows."""
    first, day = rule["valid_from"], person["started_on"]
    if rule["applies_to"] == "all":
        return ""
    is_older = day - timedelta(days=person["begun_before"]) < first
    if not is_older and person["is_known"]:
        return ""
    asked = [each for each in person["requests"] if first <= each["asked_on"] <= day]
    is_moving = rule["applies_to"] == "next_review"
    if is_moving and any(each["indication_code"] == "itp" for each in asked):
        return ""
    if not is_older:
        return "treatment_start_unknown"
    if not is_moving:
        return None
    return proof(first, day, person, asked, covered)


def proof(
    first: date, day: date, person: Row, asked: list[Row], covered: tuple[date, date] | None
) -> str | None:
    """Return why it is not known that nobody asked anew; None when it is."""
    if covered is None:
        return "table_not_supplied"
    if any(each["indication_code"] is None for each in asked):
        return "no_indication"
    is_covered = min(covered) <= first and day <= max(covered)
    has_request = any(not each["is_review"] for each in person["requests"])
    return None if is_covered and has_request else "outside_coverage"


def speaks_for(other: Row, rule: Row, person: Row) -> bool:
    """Say whether a version speaks of the phase of the course, or of the same as the older one."""
    phases: tuple[Any, ...] = ("any", rule["phase"])
    return other["phase"] in phases or person["phase"] in (None, other["phase"])


def descends(other: Row, rule: Row, rules: list[Row]) -> bool:
    """Say whether a version follows another, directly or not."""
    named = other["supersedes"]
    while named is not None:
        if named == rule["rule_id"]:
            return True
        named = next(each["supersedes"] for each in rules if each["rule_id"] == named)
    return False
