"""The journal says which stage took how long, and nothing else."""

from __future__ import annotations

import io
import json
import os
import time

import pytest

from pipeline.run.journal import Journal


def test_every_stage_is_one_plain_line_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    journal = Journal(stream)
    journal.stage("ingest", lambda: None)
    assert stream.getvalue().split()[0] == "ingest"
    assert list(journal.seconds) == ["ingest"]


def test_a_failing_stage_is_not_reported_as_done() -> None:
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError):
        Journal(stream).stage("derive", lambda: 1 / 0)
    assert stream.getvalue() == ""


def test_on_a_terminal_the_running_stage_is_shown_and_elsewhere_not() -> None:
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal:
        Journal(terminal).stage("ingest", lambda: time.sleep(0.3))
        shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "ingest ..." in shown
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORCE_COLOR", "1")
        Journal(stream).stage("ingest", lambda: None)
    assert "..." not in stream.getvalue()


def test_in_json_every_line_is_an_object_also_on_a_terminal() -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    journal = Journal(stream, "json")
    journal.count = lambda stage: {f"rows_of_{stage}": 3}
    journal.say("mind")
    journal.stage("ingest", lambda: None)
    with pytest.raises(ZeroDivisionError):
        journal.stage("derive", lambda: 1 / 0)
    journal.fault("critical", 1, "what")
    journal.end(0, "r1")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["stage"], line["counts"]) for line in lines] == [
        ("warning", "run", {}),
        ("info", "ingest", {"rows_of_ingest": 3}),
        ("critical", "derive", {}),
        ("info", "derive", {}),
    ]
