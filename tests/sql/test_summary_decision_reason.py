"""Reasons that reviewers gave, counted where they spell them alike."""

from __future__ import annotations

from empty_store import given, rows_of, shown

from pipeline.resources import sql
from pipeline.store import open_store


def test_reasons_are_counted_by_finding_once_and_only_on_todays_facts() -> None:
    con = open_store()
    con.execute(
        "CREATE TABLE report.decision (finding_key VARCHAR, decision VARCHAR, reason VARCHAR,"
        " reviewer VARCHAR, is_finding BOOLEAN, is_on_earlier_facts BOOLEAN, severity VARCHAR)"
    )
    given(
        con,
        "report.decision",
        """
        finding_key | decision     | reason       | reviewer | is_finding | is_on_earlier_facts | severity
        f1          | justified    | bridging     | A        | true       | false               | off_guideline
        f1          | justified    | Bridging     | B        | true       | false               | off_guideline
        f2          | justified    | BRIDGING     | A        | true       | false               | review
        f3          | record_error | bridging     | A        | true       | false               | review
        f4          | justified    | no response  | A        | true       | true                | review
        f5          | justified    | gone         | A        | false      |                     |
        f6          | confirmed    |              | A        | true       | false               | review
        """,  # noqa: E501 - a table
    )
    con.execute("INSERT INTO report.decision VALUES ('f7', 'unclear', '  ', 'A', TRUE, FALSE, '')")
    con.execute(
        "INSERT INTO report.decision"
        " VALUES ('f8', 'justified', ' bridging ', 'A', TRUE, FALSE, 'advisory')"
    )
    found = shown(con, f"SELECT * FROM ({sql('summary/decision_reason.sql')}) ORDER BY decision")
    assert found == rows_of(
        """
        decision     | reason   | n_findings | n_reviewers | n_off_guideline
        justified    | BRIDGING | 3          | 2           | 1
        record_error | bridging | 1          | 1           | 0
        """
    )
    con.close()
