"""Tables for the tests of reported events: a few events, a few sessions, reports as text."""

from __future__ import annotations

import duckdb
from empty_store import Rows, common_store, derived, given, insert, rows_of, shown

LISTS = {
    "guideline.event": """
        event_code         | name           | from_anchor   | from_hours | to_anchor    | to_hours | window_status | part_of           | is_medically_important
        infusion_reaction  | Reaction       | session_start | 0          | session_end  | 24       | seen          |                   | false
        headache           | Headache       | session_start | 0          | session_end  | 72       | seen          | infusion_reaction | false
        fever              | Fever          | session_start | 0          | session_end  | 72       | seen          | infusion_reaction | false
        chills             | Chills         | session_start | 0          | session_end  | 72       | seen          | infusion_reaction | false
        urticaria          | Urticaria      | session_start | 0          | session_end  | 4        | seen          |                   | false
        trali              | TRALI          | session_start | 0          | session_end  | 6        | seen          |                   | true
        hyponatraemia      | Hyponatraemia  | session_end   | 0          | session_end  | 72       | derived       |                   | false
        haemolysis         | Haemolysis     | course_start  | 0          | course_end   | 240      | seen          |                   | true
        serum_sickness     | Serum sickness | course_start  | 96         | course_start | 504      | seen          |                   | true
    """,  # noqa: E501 - a table reads better in one line per row
    "guideline.event_term": """
        event_code        | code_system | term
        infusion_reaction | NAME        | infusion reaction
        headache          | NAME        | headache
        headache          | SNOMED      | 25064002
        fever             | NAME        | fever
        fever             | ICD10CM     | R509
        chills            | NAME        | chills
        urticaria         | NAME        | urticaria
        trali             | NAME        | trali
        hyponatraemia     | NAME        | hyponatraemia
        haemolysis        | NAME        | haemolysis
        haemolysis        | NAME        | hemolysis
        serum_sickness    | NAME        | serum sickness
    """,
    "guideline.seriousness": """
        criterion        | term             | clock_days
        death            | death            | 7
        life_threatening | life threatening | 7
        hospitalisation  | hospitalisation  | 15
    """,
}


def store(
    bags: str, reports: str, deceased_on: str | None = None, also: tuple[str, ...] = ()
) -> duckdb.DuckDBPyConnection:
    """Return a store in which these bags and reports are derived, and these tables also.

    A bag is of patient 1, `VENA`, 10 g, an infusion that bears its key as its id; a report too is
    of patient 1, and has no time when it has no hour. `deceased_on` is of patient 1.
    """
    con = common_store()
    for name, text in LISTS.items():
        given(con, name, text)
    insert(con, "staged.patient", [{"patient_key": key, "patient_id": key} for key in "12"])
    con.execute(
        "UPDATE staged.patient SET deceased_on = $day WHERE patient_key = 1", {"day": deceased_on}
    )
    insert(con, "staged.infusion", [_bag(row) for row in rows_of(bags)])
    insert(con, "staged.adverse_event", [_report(row) for row in rows_of(reports)])
    derived(con, "reported_event", "reported_event_product", "event_report", *also)
    return con


def _bag(row: dict[str, str | None]) -> dict[str, str | None]:
    given_by_default: dict[str, str | None] = {
        "patient_key": "1",
        "product_code": "VENA",
        "dose_g": "10",
        "infusion_id": f"i{row['infusion_key']}",
    }
    made = given_by_default | row
    for name in ("started", "ended"):
        made |= _moment(made.pop(name, None), f"{name}_at", f"{name}_on")
    return made


def _report(row: dict[str, str | None]) -> dict[str, str | None]:
    made = {"patient_key": "1", "term": "headache"} | row
    made |= _moment(made.pop("onset", None), "onset_at", "onset_on")
    return made


def _moment(text: str | None, at: str, on: str) -> dict[str, str | None]:
    """Return both columns of a time: a date only has no instant."""
    return {at: text if text and " " in text else None, on: text[:10] if text else None}


def events(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Return these columns of the reported events, by key."""
    return shown(con, f"SELECT {columns} FROM derived.reported_event ORDER BY reported_event_key")


def shares(con: duckdb.DuckDBPyConnection, columns: str) -> Rows:
    """Return these columns of the shares, by event, product and lot."""
    return shown(
        con,
        f"SELECT {columns} FROM derived.reported_event_product"
        " ORDER BY reported_event_key, product_id NULLS LAST, lot NULLS LAST",
    )
