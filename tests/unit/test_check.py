"""The check stage: kinds found by their files, columns, errors that tell nothing of a record."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import duckdb
import pytest
from judged import World

from pipeline import check as stage
from pipeline import resources
from pipeline.check import ANSWER, VERDICT
from pipeline.config import Settings
from pipeline.errors import CheckError
from pipeline.guidelines.kinds import RULE_OF_KIND
from schemas.verdict import Verdict

KINDS = [path.stem for path in resources.sql_files("checks")]


@pytest.fixture
def declared() -> World:
    """Return an empty world with the enums, tables and views of the stage."""
    world = World()
    world.fill()
    stage._declare(world.con, KINDS)
    stage._gather(world.con)
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_answers_in_columns_of_the_answer(declared: World, kind: str) -> None:
    columns = declared.con.sql(resources.sql(f"checks/{kind}.sql")).columns
    assert set(columns) <= set(ANSWER) - {"kind"}
    assert {"rule_key", "subject_kind", "subject_key", "patient_key", "status"} <= set(columns)


def test_the_verdict_table_follows_its_contract() -> None:
    assert set(VERDICT) == set(Verdict.to_schema().columns)


def test_the_view_of_all_verdicts_follows_the_contract(declared: World) -> None:
    found = declared.con.sql("FROM audit.verdict")
    expected = declared.con.sql("FROM audit.verdict_told")
    types = dict(zip(found.columns, map(str, found.types), strict=True))
    assert types == dict(zip(expected.columns, map(str, expected.types), strict=True))


SEVERITIES = ("off_guideline", "review", "advisory")


@pytest.mark.parametrize("said", [*SEVERITIES, None])
def test_a_plain_verdict_is_what_the_caps_would_have_made_of_it(
    monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    word = "NULL" if said is None else f"'{said}'"
    text = f"""
        SELECT r.rule_key, 'course' AS subject_kind, c.course_key AS subject_key, c.course_key,
            c.patient_key, s.status, {word} AS severity,
            IF({word} IS NULL, NULL, 'never_accuses') AS cap, FALSE AS is_weight_disputed,
            IF(s.status = 'met', 2, NULL) AS observed, TRUE AS is_accusable
        FROM derived.course AS c
        CROSS JOIN guideline.rule AS r
        CROSS JOIN (VALUES ('met'), ('not_applicable'), ('not_assessable')) AS s (status)
    """
    real = resources.sql
    monkeypatch.setattr(
        resources, "sql", lambda name: text if name == "checks/weight.sql" else real(name)
    )
    world = World()
    for key in range(1, 10):
        world.rule(key, "weight")
    world.course(1, indication_source="diagnosis")
    world.course(2)
    world.fill()
    for key, (own, effective) in enumerate(product(SEVERITIES, SEVERITIES), start=1):
        world.con.execute(
            f"UPDATE guideline.rule SET severity = '{own}', effective_severity = '{effective}' "
            f"WHERE rule_key = {key}"
        )
    stage.judge(world.con)
    found = world.fetch("FROM audit.verdict ORDER BY ALL")
    world.con.execute("DELETE FROM audit.verdict_plain; DELETE FROM audit.verdict_told")
    world.con.execute("DELETE FROM aside.answer")
    monkeypatch.setattr(stage, "_is_plain", lambda _columns: "FALSE")
    stage._answer(world.con, "weight", "checks/weight.sql")
    stage._cap(world.con)
    assert found == world.fetch("FROM audit.verdict ORDER BY ALL")
    assert len(found) == 9 * 2 * 3


def test_every_check_has_its_rules() -> None:
    assert {"concomitant", "indication", "infusion_duration", "regimen", "weight"} <= set(KINDS)
    assert set(KINDS) <= set(RULE_OF_KIND)


def test_no_course_gives_no_verdict() -> None:
    assert World().judge() == []


def test_a_new_file_is_a_new_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "novelty.sql").write_text("not read", encoding="utf-8")
    text = """
        SELECT 1 AS rule_key, 'patient' AS subject_kind, patient_key AS subject_key, patient_key,
            'met' AS status, TRUE AS is_accusable
        FROM staged.patient
    """
    real, real_files = resources.sql, resources.sql_files
    monkeypatch.setattr(
        resources, "sql", lambda name: text if name == "checks/novelty.sql" else real(name)
    )
    monkeypatch.setattr(
        resources,
        "sql_files",
        lambda name: [tmp_path / "novelty.sql"] if name == "checks" else real_files(name),
    )
    world = World()
    world.rule(1, "novelty")
    world.course(1)
    (verdict,) = world.judge()
    assert (verdict["kind"], verdict["status"], verdict["is_countable"]) == ("novelty", "met", True)


@pytest.mark.parametrize(
    ("file", "named"), [("checks/weight.sql", "weight"), ("findings/finding.sql", "verdicts")]
)
def test_a_failing_query_stops_the_run_and_tells_no_value(
    monkeypatch: pytest.MonkeyPatch, file: str, named: str
) -> None:
    real = resources.sql
    broken = "SELECT CAST(patient_id AS INTEGER) AS rule_key FROM staged.patient"
    monkeypatch.setattr(resources, "sql", lambda name: broken if name == file else real(name))
    world = World()
    world.rule(1, "weight")
    world.course(1)
    world.fill()
    with pytest.raises(CheckError) as caught:
        stage.check(world.con, Settings())
    assert caught.value.exit_code == 13
    assert named in str(caught.value)
    assert "p1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_steps_stay_so_that_a_check_runs_the_day_after(declared: World) -> None:
    stage._cap(declared.con)
    stage._explain(declared.con)
    stage._gather(declared.con)  # what is too much to keep is made anew from its own file
    for kind in KINDS:
        assert declared.con.sql(resources.sql(f"checks/{kind}.sql")).fetchall() == []


def test_steps_are_made_for_those_who_ask_and_each_can_be_asked_for() -> None:
    assert stage._steps(KINDS) == stage.EVERY_STEP
    alone = {kind: stage._steps([kind]) for kind in KINDS}
    assert set().union(*alone.values()) == stage.EVERY_STEP
    assert {kind for kind, steps in alone.items() if "rate_rise" in steps} == {"infusion_rate"}
    assert {kind for kind, steps in alone.items() if "dose_breach" in steps} == {"regimen"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_alone_finds_every_step_it_reads(kind: str) -> None:
    world = World()
    world.rule(1, kind)
    assert world.judge() == []
    left = resources.sql_files("summary") + resources.sql_files("findings")
    later = set[str]().union(*(stage._STEP.findall(path.read_text("utf-8")) for path in left))
    steps = (later & stage.EVERY_STEP) - set(stage.GATHERED)
    assert steps == set(stage.READ_LATER)
    for step in steps:
        assert world.fetch(f"FROM audit.{step}") == []


def test_no_breach_is_typed_like_one(declared: World) -> None:
    found = declared.fetch("DESCRIBE temp.dose_breach")
    types = {row["column_name"]: row["column_type"] for row in found}
    assert stage.NO_BREACH.items() <= types.items()


@pytest.mark.parametrize(
    "lack", [duckdb.OutOfMemoryException, duckdb.IOException, duckdb.TransactionException]
)
def test_want_of_memory_or_disk_is_no_fault_of_a_check(lack: type[duckdb.Error]) -> None:
    with pytest.raises(lack), stage._told("a check failed to run"):
        raise lack("no room")


def test_any_other_fault_in_a_check_is_told_without_its_text() -> None:
    with (
        pytest.raises(CheckError, match=r"^a check failed to run$"),
        stage._told("a check failed to run"),
    ):
        raise duckdb.ConversionException("SYN-12345678")


@pytest.mark.parametrize("file", ["checks/shared/scope.sql", "checks/shared/dose_failed.sql"])
def test_a_step_that_fails_is_told_like_a_check_that_fails(
    monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    world = World()
    world.rule(1, "regimen")
    world.fill()
    read = resources.sql
    monkeypatch.setattr(
        resources, "sql", lambda relative: "SELECT nothing" if relative == file else read(relative)
    )
    with pytest.raises(CheckError, match=f"step of the checks failed to run.*sql/{file}"):
        stage.judge(world.con)
