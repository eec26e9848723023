"""A small hospital's months, drawn by chance, as the tables the committee edition is made of."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import duckdb

SCHEMA = """
CREATE SCHEMA report; CREATE SCHEMA derived; CREATE SCHEMA guideline;
CREATE TABLE report.grams_by_month (month_on DATE, is_partial BOOLEAN);
CREATE TABLE report.record_supplied (record VARCHAR, is_supplied BOOLEAN);
INSERT INTO report.record_supplied VALUES ('adverse_event', TRUE);
CREATE TABLE guideline.indication (indication_code VARCHAR, name VARCHAR);
CREATE TABLE guideline.product (product_id VARCHAR, brand VARCHAR);
CREATE TABLE guideline.event (event_code VARCHAR, name VARCHAR);
CREATE TEMP TABLE first_set AS SELECT 1 AS set_key;
CREATE TABLE report.profile_outcome (
    set_key INTEGER, profile_key INTEGER, outcome VARCHAR, is_assessed_at_all BOOLEAN
);
INSERT INTO report.profile_outcome VALUES
    (1, 1, 'off', TRUE), (1, 2, 'within', TRUE), (1, 3, 'unassessed', FALSE),
    (1, 4, 'no_rule', FALSE);
CREATE TEMP TABLE counted_infusion (
    patient_key INTEGER, course_key INTEGER, is_session_start BOOLEAN, is_course_start BOOLEAN,
    started_on DATE, dose_g DECIMAL(12, 3), product_id VARCHAR, indication_code VARCHAR
);
CREATE TABLE report.course_profile (
    course_key INTEGER, patient_key INTEGER, indication_code VARCHAR, is_open BOOLEAN,
    profile_key INTEGER
);
CREATE TABLE derived.course (course_key INTEGER, started_on DATE);
CREATE TEMP TABLE counted_event (
    event_code VARCHAR, is_serious BOOLEAN, patient_key INTEGER, onset_on DATE
);
CREATE SCHEMA audit;
CREATE TABLE audit.record_supplied AS SELECT record FROM report.record_supplied;
INSERT INTO report.record_supplied VALUES ('outcome_review', TRUE);
CREATE TABLE guideline.rule (rule_key INTEGER, rule_id VARCHAR, statement VARCHAR);
INSERT INTO guideline.rule SELECT n, 'RULE-' || n, 'rule ' || n FROM RANGE(1, 7) AS r(n);
CREATE TABLE audit.verdict (
    kind VARCHAR, rule_key INTEGER, course_key INTEGER, patient_key INTEGER, status VARCHAR
);
CREATE TABLE guideline.definition (definition_id VARCHAR, event VARCHAR, window_of VARCHAR);
INSERT INTO guideline.definition SELECT 'd' || n, 'e' || n, 'e' || n FROM RANGE(8) AS r(n);
CREATE TABLE audit.signal (
    definition_id VARCHAR, event VARCHAR, course_key INTEGER, patient_key INTEGER, status VARCHAR
);
CREATE TABLE audit.detected_event (
    event VARCHAR, patient_key INTEGER, started_on DATE, is_counted BOOLEAN, is_reported BOOLEAN,
    is_observation BOOLEAN
);
CREATE TABLE derived.treatment_review (
    patient_key INTEGER, reviewed_on DATE, has_outcome BOOLEAN, is_continued BOOLEAN,
    is_reduced BOOLEAN, is_stopped BOOLEAN
);
CREATE TABLE report.dose_weight (
    course_key INTEGER, patient_key INTEGER, dose_g DECIMAL(12, 3), avoidable_g DECIMAL(13, 3)
);
CREATE TABLE derived.ledger_break (
    break VARCHAR, patient_key INTEGER, entry_on DATE, grams DECIMAL(12, 3)
);
"""
BREAKS = ("not_infused", "infused_without_dispensing", "grams_differ", "other_product", "duplicate")


class Hospital:
    """A hospital whose tables grow by a month at a time."""

    def __init__(self, seed: int, n_patients: int = 90) -> None:
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")
        for statement in SCHEMA.split(";"):
            if statement.strip():
                self.con.execute(statement)
        self.chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
        # of its own, so that a further table leaves the others as they were
        self.further = random.Random(f"{seed} further")  # noqa: S311 - no secret hangs on it
        self.month = 0
        self.course = 0
        kinds = [f"disease {number}" for number in range(10)]
        weights = [2 ** (6 - number) for number in range(10)]
        self.patients = [
            (key, self.chance.choices(kinds, weights)[0], self.chance.choice("AAAAABBC"))
            for key in range(n_patients)
        ]

    def next_month(self) -> None:
        """Add a month: most patients have a course, few of them are off guideline."""
        first = f"{2020 + self.month // 12}-{self.month % 12 + 1:02d}-01"
        self.month += 1
        self.con.execute("INSERT INTO report.grams_by_month VALUES ($on, FALSE)", {"on": first})
        day = first[:-2]
        bags, courses, starts, events = [], [], [], []
        for key, indication, product in self.patients:
            if self.chance.random() < 0.5:
                continue
            self.course += 1
            profile = self.chance.choices((1, 2, 3, 4), (3, 40, 4, 50))[0]
            courses.append((self.course, key, indication, False, profile))
            starts.append((self.course, f"{day}05"))
            bags += [
                (key, self.course, number == 0, number == 0, f"{day}05",
                 self.chance.choice((20, 35, 70)), product, indication)
                for number in range(self.chance.choice((1, 1, 2, 4)))
            ]  # fmt: skip
            if self.chance.random() < 0.05:
                kind = self.chance.choice(("headache", "headache", "haemolysis"))
                events.append((kind, kind != "headache", key, f"{day}07"))
        told = self._told_of_courses([(course[0], course[1]) for course in courses], day)
        for table, rows in (
            *told.items(),
            ("temp.counted_infusion", bags),
            ("report.course_profile", courses),
            ("derived.course", starts),
            ("temp.counted_event", events),
        ):
            if rows:
                holes = ", ".join("?" * len(rows[0]))
                self.con.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)

    def _told_of_courses(
        self, courses: list[tuple[int, int]], day: str
    ) -> dict[str, list[tuple[Any, ...]]]:
        """Return what tests, results, reviews, weights and the ledger say of a month's courses."""
        chance = self.further
        told: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for course, key in courses:
            for rule in range(1, 7):
                # the first rules ask of nearly everybody, the last of few
                if key % rule == 0:
                    status = chance.choices(("met", "breached", "not_assessable"), (80, 5, 15))[0]
                    told["audit.verdict"].append(("monitoring", rule, course, key, status))
            for event in range(8):
                if chance.random() < 0.1:
                    told["audit.signal"].append((f"d{event}", f"e{event}", course, key, "not_met"))
                if chance.random() < 0.02 / (1 + event):
                    told["audit.detected_event"].append(
                        (f"e{event}", key, f"{day}05", chance.random() < 0.7,
                         chance.choice((True, False, False, None)), False)
                    )  # fmt: skip
            if chance.random() < 0.15:
                decision = chance.choice(("is_continued", "is_continued", "is_reduced", "stop"))
                told["derived.treatment_review"].append(
                    (key, f"{day}20", chance.random() < 0.6, decision == "is_continued",
                     decision in {"is_reduced", "stop"}, decision == "stop")
                )  # fmt: skip
            if chance.random() < 0.6:
                above = chance.choice((0,) * 9 + (5, 20))
                told["report.dose_weight"].append((course, key, chance.choice((20, 35, 70)), above))
            if chance.random() < 0.08:
                kind = chance.choices(BREAKS, (16, 8, 4, 2, 1))[0]
                told["derived.ledger_break"].append(
                    (kind, key, f"{day}05", chance.choice((-20, -5, 5, 10, 40)))
                )
        return told
