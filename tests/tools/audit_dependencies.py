"""Ask a database of vulnerabilities about every pinned dependency, or say aloud that none answers.

`python tests/tools/audit_dependencies.py`: exit 1 when a pinned version has a known fault that
`tests/accepted_faults.toml` does not accept with a reason. Only names and versions are sent.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATABASE = "https://api.osv.dev/v1/querybatch"
ACCEPTED = ROOT / "tests" / "accepted_faults.toml"
_SECONDS = 20

Pin = tuple[str, str]


def main() -> int:
    """Print what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--accepted", type=Path, default=ACCEPTED)
    told = parser.parse_args()
    pinned = pins((ROOT / "requirements.lock").read_text("utf-8"))
    try:
        faults = known_faults(pinned, told.database)
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stderr.write(
            f"SKIPPED: no database of vulnerabilities answers ({type(error).__name__}), so "
            f"{len(pinned)} dependencies were NOT looked up\n"
        )
        return 0
    accepted = tomllib.loads(told.accepted.read_text("utf-8"))
    unmet = {pin: [one for one in ids if one not in accepted] for pin, ids in faults.items()}
    for (name, version), ids in unmet.items():
        if ids:
            sys.stderr.write(f"{name} {version}: {', '.join(ids)}\n")
    found = sum(map(len, unmet.values()))
    sys.stdout.write(
        f"{len(pinned)} dependencies looked up, {found} faults, {len(accepted)} accepted\n"
    )
    return 1 if found else 0


def pins(lock: str) -> list[Pin]:
    """Return name and version of every line of a lock file."""
    return re.findall(r"(?m)^([A-Za-z0-9_.\-]+)==([A-Za-z0-9_.\-+!]+)$", lock)


def known_faults(pinned: list[Pin], database: str) -> dict[Pin, list[str]]:
    """Return the ids of the known faults of each version that has any.

    Raises:
        OSError, ValueError, LookupError, TypeError: nothing answers, or not as the database does.
    """
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in pinned
    ]
    answers = _asked(database, {"queries": queries})["results"]
    return {
        pin: [fault["id"] for fault in answer["vulns"]]
        for pin, answer in zip(pinned, answers, strict=True)
        if answer.get("vulns")
    }


def _asked(database: str, question: dict[str, Any]) -> Any:
    if not database.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("a database is asked over https")
    request = urllib.request.Request(  # noqa: S310 - the scheme is looked at above
        database, json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())


if __name__ == "__main__":
    sys.exit(main())
