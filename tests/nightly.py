"""A small hospital extract to spoil, and the program run on it as the night operator would."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import cli

COMMAND = Path(sys.executable).with_name("ivig-audit")
PLANTED = ("ZQ-", "77.7")
"""What stands in every record, and must never be seen outside the reports."""

_DAYS = range(1, 21)
PATIENT = "patient_id,birth_date,sex\n" + "".join(f"ZQ-p{n},1980-01-01,F\n" for n in _DAYS)
WEIGHT = "patient_id,measured_at,weight_kg\n" + "".join(
    f"ZQ-p{n},2024-02-28 08:00,77.7\n" for n in _DAYS
)
INFUSION_HEADER = (
    "infusion_id,patient_id,started_at,ended_at,product_code,dose_g,route,indication_code\n"
)
INFUSION = INFUSION_HEADER + "".join(
    f"ZQ-i{n},ZQ-p{n},2024-03-{n:02} 09:00,2024-03-{n:02} 13:00,Privigen,77.5,IV,itp_adult\n"
    for n in _DAYS
)
Files = dict[str, str | bytes | None]
CODES: list[int] = []
"""Every exit code the command line ended with in the test that runs."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, and what it printed."""

    code: int
    stdout: str
    stderr: str

    def line(self) -> str:
        """Return the one line the operator gets, which shows no value of a record."""
        told = [
            line
            for line in self.stderr.splitlines()
            # the first test of all makes the key of the pseudonyms
            if not line.endswith(" s") and not line.startswith("warning: ")
        ]
        assert len(told) == 1, self.stderr
        assert told[0].startswith("ivig-audit: "), self.stderr
        assert "internal error" not in told[0]
        self.shows_no_record()
        return told[0].removeprefix("ivig-audit: ")

    def shows_no_record(self) -> None:
        """Fail when something planted in a record was printed."""
        assert "Traceback" not in self.stderr
        assert [v for v in PLANTED if v in self.stdout + self.stderr] == []


def extract(folder: Path, files: Files | None = None) -> Path:
    """Write twenty patients, weights and infusions; `files` adds to them, None takes away."""
    told: Files = {"patient.csv": PATIENT, "body_measurement.csv": WEIGHT, "infusion.csv": INFUSION}
    for name, content in (told | (files or {})).items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def csv_text(rows: list[list[str]]) -> str:
    """Return rows as CSV text, quoted where they must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def typed(arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> Ended:
    """Run a command in this process, from its arguments to its exit code."""
    capsys.readouterr()
    code = _exit_code(arguments)
    printed = capsys.readouterr()
    return Ended(code, printed.out, printed.err)


def called(*arguments: object) -> Ended:
    """Run a command in this process, without pytest's hand on what it prints."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = _exit_code(arguments)
    return Ended(code, out.getvalue(), err.getvalue())


def _exit_code(arguments: tuple[object, ...]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ivig-audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    code = ended.value.code
    CODES.append(code if isinstance(code, int) else 0)
    return CODES[-1]


def started(*arguments: object, before: tuple[str, ...] = ()) -> Ended:
    """Run the console script in a process of its own."""
    done = subprocess.run(
        [*before, COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    CODES.append(done.returncode)
    return Ended(done.returncode, done.stdout, done.stderr)
