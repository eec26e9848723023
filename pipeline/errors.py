"""Name every way a run can end badly, with its exit code and one helpful line.

A message says what happened, where, how many and what to do next; it never holds a
value from a record.
"""

from __future__ import annotations

from typing import ClassVar, Final


class AuditError(Exception):
    """Stop the run with a known exit code and a single line on stderr."""

    exit_code: ClassVar[int] = 1


class InputError(AuditError):
    """Input is missing, unreadable, or without a required column."""

    exit_code = 10


class UnrecognisedError(InputError):
    """No record is recognised in a source; the message tells what was seen, one column per line."""


class QuarantineLimitError(AuditError):
    """More rows are in quarantine than the operator allows."""

    exit_code = 11


class GuidelineError(AuditError):
    """Guideline files are invalid; the message lists every fault, one per line."""

    exit_code = 12


TOLD_BY_LINE: Final = (GuidelineError, UnrecognisedError)
"""The errors whose message has several lines, in which no name stands as it is written."""


class CheckError(AuditError):
    """A check failed to run or a ledger does not close; nothing is published."""

    exit_code = 13


class LockedError(AuditError):
    """Another run holds the output folder."""

    exit_code = 14


class ConfigError(AuditError):
    """The configuration or adjudication file is invalid."""

    exit_code = 15


class OutputError(AuditError):
    """The output cannot be written."""

    exit_code = 16


class DisclosureError(AuditError):
    """The disclosure check refused publication."""

    exit_code = 17


class StaleRunError(AuditError):
    """Asked for its status: the last whole run is too old, missing, or a later one failed."""

    exit_code = 18


_OTHERS: Final = {
    0: "It ran; no finding reached the severity of --fail-on.",
    1: "The program itself failed; one line names the place and no value.",
    2: "Wrong usage: an unknown option, or a value that it does not take.",
    3: "It ran and published, and findings reached the severity of --fail-on.",
}
"""What the codes mean that no error of ours has."""


def exit_codes() -> dict[int, str]:
    """Return what every exit code means, in one sentence each."""
    known = {error.exit_code: str(error.__doc__) for error in AuditError.__subclasses__()}
    return dict(sorted((_OTHERS | known).items()))


def meaning(exit_code: int) -> str:
    """Return what an exit code means, to stand at the end of a sentence."""
    told = exit_codes().get(exit_code, "not a code of this program").rstrip(".")
    return told[0].lower() + told[1:]


def printable(text: str) -> str:
    """Return text that can neither steer a terminal nor forge a line of a log."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
