"""The identifiers and codes of the ICH ICSR implementation guide that a draft uses.

The identifiers and codes, the values of the lists and which null flavour an element allows were
read in published copies of the guide's tables: a stylesheet that turns R2 into R3, a table of the
data elements, a reference instance. The values of the role of a drug and of the kind of sender
are recalled.
"""

from __future__ import annotations

from typing import Final

ICH: Final = "2.16.840.1.113883.3.989.2.1"
CASE: Final = f"{ICH}.3.1"
WORLDWIDE_CASE: Final = f"{ICH}.3.2"
OTHER_CASE: Final = f"{ICH}.3.3"
HOSPITAL_RECORD: Final = f"{ICH}.3.9"
MESSAGE_SENDER, MESSAGE_RECEIVER = f"{ICH}.3.11", f"{ICH}.3.12"
BATCH_SENDER, BATCH_RECEIVER = f"{ICH}.3.13", f"{ICH}.3.14"
BATCH: Final = f"{ICH}.3.22"

MESSAGE_TYPE: Final = f"{ICH}.1.1"
REPORT_TYPE: Final = f"{ICH}.1.2"
FIRST_SENDER: Final = f"{ICH}.1.3"
RECORD_SOURCE: Final = f"{ICH}.1.4"
QUALIFICATION: Final = f"{ICH}.1.6"
SENDER_TYPE: Final = f"{ICH}.1.7"
OUTCOME: Final = f"{ICH}.1.11"
DRUG_ROLE: Final = f"{ICH}.1.13"
ACTION_TAKEN: Final = f"{ICH}.1.15"
OBSERVATION: Final = f"{ICH}.1.19"
GROUPING: Final = f"{ICH}.1.20"
ROLE: Final = f"{ICH}.1.21"
REPORT_RELATION: Final = f"{ICH}.1.22"
CHARACTERISTIC: Final = f"{ICH}.1.23"
SEX: Final = "1.0.5218"
MEDDRA: Final = "2.16.840.1.113883.6.163"
"""Named where its code has to stand; no code of it is ever written here."""
ROUTE: Final = f"{ICH}.1.14"
MAX_LOT: Final = 35
"""So many characters of a lot number the guide allows."""

SEX_CODES: Final = {"M": "1", "F": "2"}
CRITERIA: Final = {
    "death": ("34", "E.i.3.2a"),
    "life_threatening": ("21", "E.i.3.2b"),
    "hospitalisation": ("33", "E.i.3.2c"),
    "disability": ("35", "E.i.3.2d"),
    "congenital_anomaly": ("12", "E.i.3.2e"),
    "medically_important": ("26", "E.i.3.2f"),
}
"""Our criterion of seriousness: its observation code, and its data element."""

OUTCOME_CODES: Final = {
    "recovered": "1",
    "resolved": "1",
    "recovering": "2",
    "resolving": "2",
    "not recovered": "3",
    "not resolved": "3",
    "ongoing": "3",
    "recovered with sequelae": "4",
    "resolved with sequelae": "4",
    "fatal": "5",
    "died": "5",
    "death": "5",
}
"""Words of the records that say what a code of the list says; all others stay unknown."""
UNKNOWN_OUTCOME: Final = "0"
UNKNOWN_ACTION: Final = "0"
TYPE_NOT_KNOWN: Final = "4"
"""Type of report: not available to the sender."""
SUSPECT, CONCOMITANT = "1", "2"
