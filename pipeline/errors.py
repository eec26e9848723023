"""Name every way a run can end badly, with its exit code and one helpful line.

A message says what happened, where, how many and what to do next; it never holds a
value from a record.
"""

from __future__ import annotations

from typing import ClassVar


class AuditError(Exception):
    """Stop the run with a known exit code and a single line on stderr."""

    exit_code: ClassVar[int] = 1


class InputError(AuditError):
    """Input is missing, unreadable, or without a required column."""

    exit_code = 10


class QuarantineLimitError(AuditError):
    """More rows are in quarantine than the operator allows."""

    exit_code = 11


class GuidelineError(AuditError):
    """Guideline files are invalid; the message lists every fault, one per line."""

    exit_code = 12


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
    """The last good run is too old."""

    exit_code = 18
