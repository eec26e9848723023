"""The journal says which stage took how long, and nothing else."""

from __future__ import annotations

import io

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
