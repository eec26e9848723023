"""A dull loop and the SQL agree on what became of every finding, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import resources

DAY = date(2024, 1, 1)
RULES = ("R1", "R2", "R3")
SEVERITIES = ("off_guideline", "review", "advisory")
SCHEMA = """
CREATE SCHEMA audit; CREATE SCHEMA guideline;
CREATE TABLE guideline.rule (rule_key INTEGER, rule_id VARCHAR, is_counted_only BOOLEAN);
CREATE TABLE guideline.guideline_set (set_key INTEGER, is_house BOOLEAN);
INSERT INTO guideline.guideline_set VALUES (1, FALSE);
CREATE TABLE guideline.policy (as_of DATE, from_on DATE, to_on DATE);
CREATE TABLE audit.rule_digest (part VARCHAR, name VARCHAR, digest VARCHAR);
CREATE TABLE audit.history_before (
    run_id VARCHAR, as_of DATE, from_on DATE, to_on DATE, obstacle VARCHAR, cause VARCHAR,
    detail VARCHAR
);
CREATE TABLE audit.finding (
    finding_key VARCHAR, facts_digest VARCHAR, set_id VARCHAR, rule_id VARCHAR, severity VARCHAR,
    clause VARCHAR, unit VARCHAR, miss DECIMAL(12, 3), subject_on DATE, patient_key INTEGER,
    set_key INTEGER, rule_key INTEGER
);
CREATE TEMP TABLE rule_before (rule_id VARCHAR, digest VARCHAR);
CREATE TEMP TABLE list_before AS SELECT FALSE AS is_other;
CREATE TEMP TABLE finding_before (
    finding_key VARCHAR, facts_digest VARCHAR, set_id VARCHAR, rule_id VARCHAR, severity VARCHAR,
    clause VARCHAR, unit VARCHAR, miss DECIMAL(12, 3), subject_on DATE, is_counted_only BOOLEAN
);
CREATE TEMP TABLE finding_now (
    finding_key VARCHAR, patient_key INTEGER, status VARCHAR, reason VARCHAR
);
"""


@dataclass(frozen=True)
class Found:
    """One finding of one run."""

    rule: str
    facts: str
    severity: str
    clause: str | None
    miss: int | None
    on: date | None


@dataclass
class Nights:
    """Two runs: their findings by key, their rules by id, and what else differs."""

    then: dict[str, Found]
    now: dict[str, Found]
    rules_then: dict[str, str]
    rules_now: dict[str, str]
    counted_only: set[str]
    cause: str | None
    span_then: tuple[date | None, date]
    span_now: tuple[date | None, date]
    status: dict[str, str | None] = field(default_factory=dict)


def what_became(nights: Nights) -> dict[str, tuple[str, str]]:
    """Say of each finding that is not the same what became of it, one after the other."""
    said: dict[str, tuple[str, str]] = {}
    for key in {*nights.then, *nights.now}:
        old, new = nights.then.get(key), nights.now.get(key)
        rule = (new or old).rule  # type: ignore[union-attr]
        if rule in nights.counted_only or (old and new and old.facts == new.facts):
            continue
        cause = _of_rules(nights, rule)
        if old and new:
            said[key] = (_kept(old, new), cause or _still(nights, old, new))
        elif new:
            said[key] = ("new", cause or _fresh(nights, new))
        elif old:
            why = cause or _ceased(nights, key, old)
            said[key] = ("resolved" if why == "met" else "gone", why)
    return said


def _of_rules(nights: Nights, rule: str) -> str | None:
    if nights.cause in ("program", "reading"):
        return nights.cause
    if rule not in nights.rules_then:
        return "rule_new"
    if rule not in nights.rules_now:
        return "rule_gone"
    if nights.rules_then[rule] != nights.rules_now[rule]:
        return "rule_changed"
    return nights.cause


def _kept(old: Found, new: Found) -> str:
    order = SEVERITIES.index(new.severity) - SEVERITIES.index(old.severity)
    if order:
        return "worsened" if order < 0 else "eased"
    if old.clause and old.clause == new.clause and None not in (old.miss, new.miss):
        if new.miss > old.miss:  # type: ignore[operator]
            return "worsened"
        if new.miss < old.miss:  # type: ignore[operator]
            return "eased"
    return "altered"


def _still(nights: Nights, old: Found, new: Found) -> str:
    """Lay to other rules what they may have done: a milder or graver word, or the same miss."""
    is_by_records = old.severity == new.severity and not (
        old.miss is None or new.miss is None or old.miss == new.miss
    )
    return "records" if is_by_records or nights.rules_then == nights.rules_now else "other_rules"


def _fresh(nights: Nights, new: Found) -> str:
    first, last = nights.span_then
    if new.on and new.on > last:
        return "later"
    if new.on and first and new.on < first:
        return "outside_period"
    return "records"


def _ceased(nights: Nights, key: str, old: Found) -> str:
    status = nights.status.get(key)
    if status in ("met", "not_assessable"):
        return status
    first, last = nights.span_now
    if old.on and (old.on > last or (first and old.on < first)):
        return "outside_period"
    return "not_asked" if key in nights.status else "record_gone"


def what_the_sql_says(nights: Nights) -> dict[str, tuple[str, str]]:
    con = duckdb.connect()
    for statement in SCHEMA.split(";"):
        con.execute(statement)
    known = sorted({*nights.rules_now})
    for number, rule in enumerate(known, start=1):
        con.execute("INSERT INTO guideline.rule VALUES ($1, $2, $3)",
                    [number, rule, rule in nights.counted_only or None])  # fmt: skip
        con.execute("INSERT INTO audit.rule_digest VALUES ('rule', $1, $2)",
                    [rule, nights.rules_now[rule]])  # fmt: skip
    con.execute("INSERT INTO audit.rule_digest VALUES ('table', 'policy', 'x')")
    for rule, digest in nights.rules_then.items():
        con.execute("INSERT INTO rule_before VALUES ($1, $2)", [rule, digest])
    con.execute("INSERT INTO guideline.policy VALUES ($1, $2, $1)",
                [nights.span_now[1], nights.span_now[0]])  # fmt: skip
    con.execute("INSERT INTO audit.history_before VALUES ('r', $1, $2, $1, NULL, $3, '')",
                [nights.span_then[1], nights.span_then[0], nights.cause])  # fmt: skip
    for key, one in nights.now.items():
        con.execute(
            "INSERT INTO audit.finding VALUES ($1, $2, 's', $3, $4, $5, 'g', $6, $7, 1, 1, $8)",
            [key, one.facts, one.rule, one.severity, one.clause, one.miss, one.on,
             known.index(one.rule) + 1],
        )  # fmt: skip
    for key, one in nights.then.items():
        con.execute(
            "INSERT INTO finding_before VALUES ($1, $2, 's', $3, $4, $5, 'g', $6, $7, $8)",
            [key, one.facts, one.rule, one.severity, one.clause, one.miss, one.on,
             one.rule in nights.counted_only],
        )  # fmt: skip
    for key, status in nights.status.items():
        con.execute("INSERT INTO finding_now VALUES ($1, 1, $2, NULL)", [key, status])
    found = con.sql(resources.sql("run/finding_change.sql"))
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    con.close()
    assert len(rows) == len({row["finding_key"] for row in rows})
    return {row["finding_key"]: (row["change"], row["cause"]) for row in rows}


DAYS = st.integers(0, 9).map(lambda n: DAY + timedelta(days=n))
SPAN = st.tuples(st.none() | DAYS, DAYS)
RULE_SET = st.dictionaries(st.sampled_from(RULES), st.sampled_from(("a", "b")), min_size=1)


def found_by(rule: str) -> st.SearchStrategy[Found]:
    return st.builds(
        Found,
        st.just(rule),
        st.sampled_from(("f1", "f2")),
        st.sampled_from(SEVERITIES),
        st.none() | st.sampled_from(("dose", "days")),
        st.none() | st.integers(0, 2),
        st.none() | DAYS,
    )


@st.composite
def two_nights(draw: st.DrawFn) -> Nights:
    """Draw two runs; a finding's key tells its rule, as a digest of it would."""
    then, now = draw(RULE_SET), draw(RULE_SET)

    def findings(rules: dict[str, str]) -> dict[str, Found]:
        keys = [f"{rule}-{number}" for rule in sorted(rules) for number in range(3)]
        chosen = draw(st.lists(st.sampled_from(keys), unique=True))
        return {key: draw(found_by(key[:2])) for key in chosen}

    old, new = findings(then), findings(now)
    gone = sorted(old.keys() - new.keys())
    told = draw(st.lists(st.sampled_from(gone), unique=True)) if gone else []
    statuses = st.sampled_from(("met", "not_assessable", "not_applicable", None))
    return Nights(
        old,
        new,
        then,
        now,
        draw(st.sets(st.sampled_from(RULES), max_size=1)),
        draw(st.sampled_from((None, None, "program", "reading", "settings"))),
        draw(SPAN),
        draw(SPAN),
        {key: draw(statuses) for key in told},
    )


@settings(max_examples=examples(60))
@given(two_nights())
def test_both_say_the_same(nights: Nights) -> None:
    assert what_the_sql_says(nights) == what_became(nights)
