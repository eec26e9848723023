"""What a sceptical pharmacist would try: correct care that the audit must not accuse.

One audit serves all cases; each is a patient of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from audited import audited

END = "2024-12-31"
COVERED = f"""
record     | from_on    | to_on
infusion   | 2022-01-01 | {END}
dispensing | 2022-01-01 | {END}
medication | 2022-01-01 | {END}
diagnosis  | 2022-01-01 | {END}
"""
VERDICT = ("status", "reason", "severity", "cap", "clause")


# two bags of one minute: start, grams, lot
ALIKE = {
    "alike": [("09:00", 75, ""), ("09:00", 75, "")],
    "alike of one lot": [("09:00", 75, "L1"), ("09:00", 75, "l-1")],
    "alike and one lot told": [("09:00", 75, "L1"), ("09:00", 75, "")],
    "alike three times": [("09:00", 75, "")] * 3,
    "of two lots": [("09:00", 75, "L1"), ("09:00", 75, "L2")],
    "a minute apart": [("09:00", 75, ""), ("09:01", 75, "")],
    "of other grams": [("09:00", 75, ""), ("09:00", 70, "")],
    "too much once": [("09:00", 150, ""), ("09:00", 150, "")],
}


class Hospital:
    """The records of a small hospital, told patient by patient."""

    def __init__(self) -> None:
        """Begin with a far-away patient, who keeps the as-of date at the end of coverage."""
        self.rows: dict[str, list[str]] = {
            "patient": ["patient_id|birth_date|sex"],
            "body_measurement": ["patient_id|measured_at|weight_kg"],
            "infusion": [
                (
                    "infusion_id|patient_id|started_at|ended_at|product_code|dose_g|route|"
                    "indication_code|phase|lot_number"
                )
            ],
            "medication": ["patient_id|code_system|code|started_at"],
            "diagnosis": ["patient_id|code_system|code|recorded_on"],
        }
        self.patient("z")
        self.infusion("z", f"{END}T09:00", 30, "pid")

    def patient(self, name: str, kg: str = "75", born: str = "1980-01-01") -> None:
        """Note a patient, weighed on the morning of 1 March 2024."""
        self.rows["patient"].append(f"{name}|{born}|F")
        self.rows["body_measurement"].append(f"{name}|2024-03-01 07:00|{kg}")

    def weight(self, name: str, at: str, kg: str) -> None:
        """Note another weight."""
        self.rows["body_measurement"].append(f"{name}|{at}|{kg}")

    def infusion(  # noqa: PLR0913 - one per column
        self,
        name: str,
        start: str,
        dose_g: float | str,
        indication: str = "itp_adult",
        *,
        product: str = "Privigen",
        hours: float = 4,
        phase: str = "",
        lot: str = "",
    ) -> None:
        """Note an infusion."""
        begun = datetime.fromisoformat(start)
        ended = begun + timedelta(hours=hours)
        key = len(self.rows["infusion"])
        self.rows["infusion"].append(
            f"i{key}|{name}|{begun:%Y-%m-%d %H:%M}|{ended:%Y-%m-%d %H:%M}|{product}|{dose_g}|IV"
            f"|{indication}|{phase}|{lot}"
        )

    def kawasaki(self, name: str, system: str = "NAME", code: str = "Aspirin") -> None:
        """Note a child treated for Kawasaki disease, and one medicine."""
        self.patient(name, "12.5", "2021-02-01")
        self.infusion(name, "2024-03-01T09:00", 25, "kawasaki", hours=11)
        self.rows["medication"].append(f"{name}|{system}|{code}|2024-03-01 08:00")

    def records(self) -> dict[str, str]:
        """Return the records as text."""
        told = {record: "\n".join(rows) for record, rows in self.rows.items()}
        return {**told, "source_coverage": COVERED}


def _tell_of_weights_and_days(told: Hospital) -> None:
    told.patient("two weights", "57")
    told.weight("two weights", "2024-03-01 06:00", "75")
    told.patient("slipped point", "7.5")
    told.weight("slipped point", "2024-02-20 08:00", "75")
    told.patient("corrected later", "7.5")
    told.weight("corrected later", "2024-03-02 08:00", "75")
    told.patient("one slipped weight", "7.5")
    told.patient("light and light", "57")
    told.weight("light and light", "2024-03-01 06:00", "58")
    for name in (
        "two weights",
        "slipped point",
        "corrected later",
        "one slipped weight",
        "light and light",
    ):
        for day in (1, 2):
            told.infusion(name, f"2024-03-0{day}T09:00", 75)
    told.patient("evening and morning")
    told.infusion("evening and morning", "2024-03-01T20:00", 75)
    told.infusion("evening and morning", "2024-03-02T06:00", 75)
    told.patient("double day")
    told.infusion("double day", "2024-03-01T09:00", 75)
    told.infusion("double day", "2024-03-01T14:00", 75)
    for name, bags in ALIKE.items():
        told.patient(name)
        for minute, dose_g, lot in bags:
            told.infusion(name, f"2024-03-01T{minute}", dose_g, lot=lot)


def _tell_of_children(told: Hospital) -> None:
    told.kawasaki("repeat after two days")
    told.infusion("repeat after two days", "2024-03-03T20:00", 25, "kawasaki", hours=11)
    told.kawasaki("repeat next day")
    told.infusion("repeat next day", "2024-03-02T09:00", 25, "kawasaki", hours=11)
    told.kawasaki("rxnorm", "RXNORM", "1191")
    told.kawasaki("rxnorm other", "RXNORM", "161")
    told.kawasaki("low-dose", "NAME", "low-dose aspirin 75 mg")
    told.kawasaki("abbreviated", "NAME", "ASA 81 mg")
    told.kawasaki("paracetamol", "NAME", "Paracetamol")
    told.kawasaki("mesalazine", "NAME", "5-ASA")


def _tell_of_what_is_unclear(told: Hospital) -> None:
    monthly = ("2023-11-01", "2023-11-29", "2023-12-27", "2024-01-24", "2024-02-21")
    odd = {"product unknown": ("Brand X", "20"), "dose unreadable": ("Privigen", "1.23456")}
    for name, (product, dose_g) in odd.items():
        told.patient(name, "50")
        for day in monthly:
            told.weight(name, f"{day} 08:00", "50")
            is_odd = day == "2024-01-24"
            told.infusion(
                name,
                f"{day}T09:00",
                dose_g if is_odd else "20",
                "pid",
                product=product if is_odd else "Privigen",
                phase="maintenance",
            )
    told.patient("product unknown on day 3")
    for number in range(1, 6):
        product = "Brand X" if number == 3 else "Privigen"
        told.infusion("product unknown on day 3", f"2024-03-0{number}T09:00", 30, product=product)
    told.patient("stated in other words")
    told.infusion("stated in other words", "2024-03-01T09:00", 75, "low platelets")
    told.rows["diagnosis"].append("stated in other words|ICD10|D83.9|2022-01-05")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Audit the whole hospital once."""
    told = Hospital()
    _tell_of_weights_and_days(told)
    _tell_of_children(told)
    _tell_of_what_is_unclear(told)
    opened = audited(tmp_path_factory.mktemp("hospital"), told.records())
    yield opened
    opened.close()


def said(con: duckdb.DuckDBPyConnection, patient: str, kind: str) -> list[dict[str, object]]:
    """Return the verdicts of the default set on one patient, first course first."""
    found = con.sql(
        f"""
        SELECT {", ".join(VERDICT)}
        FROM audit.verdict_named
        WHERE patient_id = $patient AND kind = $kind AND set_id = 'droracle-2025'
        ORDER BY subject_key
        """,
        params={"patient": patient, "kind": kind},
    ).fetchall()
    return [dict(zip(VERDICT, row, strict=True)) for row in found]


@pytest.mark.parametrize(
    ("patient", "severity", "cap"),
    [
        ("two weights", "review", "weight_contradicted"),
        ("slipped point", "review", "weight_contradicted"),
        ("corrected later", "review", "weight_contradicted"),
        # ten times the limit, and no second weight to say so
        ("one slipped weight", "review", "dose_implausible"),
        # the other weight of the day would not have allowed the dose either
        ("light and light", "off_guideline", None),
    ],
)
def test_a_dose_that_another_weight_near_it_would_allow_accuses_nobody(
    con: duckdb.DuckDBPyConnection, patient: str, severity: str, cap: str | None
) -> None:
    (verdict,) = said(con, patient, "regimen")
    assert (verdict["status"], verdict["severity"], verdict["cap"]) == ("breached", severity, cap)


@pytest.mark.parametrize(
    ("patient", "severity", "cap"),
    [
        # one session by our own gap of six hours, two days by the calendar
        ("evening and morning", "review", "day_in_doubt"),
        ("double day", "off_guideline", None),
    ],
)
def test_a_dose_per_day_accuses_only_when_the_calendar_says_so_too(
    con: duckdb.DuckDBPyConnection, patient: str, severity: str, cap: str | None
) -> None:
    (verdict,) = said(con, patient, "regimen")
    assert verdict["clause"] == "dose_per_day"
    assert (verdict["severity"], verdict["cap"]) == (severity, cap)


@pytest.mark.parametrize("patient", list(ALIKE))
def test_two_bags_that_nothing_tells_apart_accuse_nobody(
    con: duckdb.DuckDBPyConnection, patient: str
) -> None:
    (verdict,) = said(con, patient, "regimen")
    is_doubtful = patient.startswith("alike")
    expected = ("review", "bag_charted_twice") if is_doubtful else ("off_guideline", None)
    assert (verdict["status"], verdict["severity"], verdict["cap"]) == ("breached", *expected)


def test_a_kawasaki_dose_repeated_after_two_days_is_not_one_double_dose(
    con: duckdb.DuckDBPyConnection,
) -> None:
    statuses = [verdict["status"] for verdict in said(con, "repeat after two days", "regimen")]
    assert statuses == ["met", "met"]
    (next_day,) = said(con, "repeat next day", "regimen")
    assert (next_day["status"], next_day["clause"]) == ("breached", "dose_total")


@pytest.mark.parametrize(
    ("patient", "status", "reason"),
    [
        ("rxnorm", "not_assessable", "codes_not_readable"),
        ("rxnorm other", "not_assessable", "codes_not_readable"),
        ("low-dose", "met", None),
        ("abbreviated", "met", None),
        ("paracetamol", "breached", None),
        ("mesalazine", "breached", None),
    ],
)
def test_aspirin_is_missed_only_where_its_code_could_have_been_read(
    con: duckdb.DuckDBPyConnection, patient: str, status: str, reason: str | None
) -> None:
    (verdict,) = said(con, patient, "concomitant")
    assert (verdict["status"], verdict["reason"]) == (status, reason)


@pytest.mark.parametrize("patient", ["product unknown", "dose unreadable"])
def test_an_interval_across_a_bag_that_could_not_be_read_is_not_late(
    con: duckdb.DuckDBPyConnection, patient: str
) -> None:
    found = [(v["status"], v["reason"]) for v in said(con, patient, "regimen")]
    assert found == [("met", None)] * 3 + [("not_assessable", "unknown_between")]


def test_a_course_with_a_bag_of_unknown_product_is_not_too_little(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (verdict,) = said(con, "product unknown on day 3", "regimen")
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "bag_unresolved")


def test_a_diagnosis_code_does_not_speak_in_place_of_an_indication_in_other_words(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (verdict,) = said(con, "stated in other words", "regimen")
    assert (verdict["status"], verdict["reason"]) == ("not_assessable", "no_indication")


def test_an_indication_in_other_words_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    assert con.sql("FROM report.unread_indication").fetchall() == [("low platelets", 1)]


def test_grams_issued_on_one_day_are_not_called_given_on_one_day(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    told = Hospital()
    told.patient("five days in one issue")
    records = told.records()
    del records["infusion"]
    records["dispensing"] = (
        "dispensing_id|patient_id|dispensed_at|product_code|dose_g|route|authorisation_id\n"
        f"d0|z|{END} 09:00|Privigen|30|IV|\n"
        "d1|five days in one issue|2024-03-01 09:00|Privigen|150|IV|a1\n"
    )
    records["authorisation"] = (
        "authorisation_id|patient_id|decision|indication_code\n"
        "a1|five days in one issue|approved|itp_adult\n"
    )
    con = audited(tmp_path_factory.mktemp("pharmacy"), records)
    (verdict,) = said(con, "five days in one issue", "regimen")
    assert (verdict["severity"], verdict["cap"]) == ("review", "day_in_doubt")
