"""Build the wheel, install it in a clean environment outside the checkout, and run the demo there.

`python tests/tools/try_wheel.py`: exit 1 and the reason when something does not hold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLEAN = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}


def main() -> int:
    """Try the wheel in a folder that is removed again."""
    with tempfile.TemporaryDirectory(prefix="ivig-audit-wheel-") as name:
        home = Path(name)
        return _tried(_built(home), home)


def _built(home: Path) -> Path:
    """Return the one wheel that `make wheel` makes."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", home / "dist", cwd=ROOT)
    (wheel,) = (home / "dist").iterdir()
    return wheel


def _tried(wheel: Path, home: Path) -> int:
    venv.create(home / "venv", with_pip=True)
    bin_folder = home / "venv" / "bin"
    pinned = ("-c", ROOT / "requirements.lock")
    pip = (bin_folder / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    _run(*pip, "install", "--no-compile", *pinned, wheel, cwd=home)
    ours, theirs = (_digest(python, cwd=cwd) for python, cwd in (
        (Path(sys.executable), ROOT), (bin_folder / "python", home),
    ))  # fmt: skip
    if ours != theirs:
        return _failed("the program in the wheel is not the one of the checkout")
    command = bin_folder / "ivig-audit"
    CLEAN["XDG_CONFIG_HOME"] = str(home / ".config")  # the demo makes a key of its own
    shutil.copytree(ROOT / "data_samples", home / "data_samples")
    _run(command, "run", "data_samples", "--out", "out", cwd=home)
    _run(command, "status", "--out", "out", "--max-age", "1", cwd=home)
    _run(command, "guideline", "list", cwd=home)
    _run(command, "synth", "made", "--patients", "5", "--seed", "1", cwd=home)
    pages = list((home / "out" / "latest").glob("report-*.html"))
    if [page.name for page in pages] != ["report-clinical.html"]:
        return _failed("the demo left no report")
    sys.stdout.write(f"{wheel.name}: installed outside the checkout, and the demo ran\n")
    return 0


def _digest(python: Path, cwd: Path) -> str:
    """Return the digest of what decides a verdict, as that installation has it."""
    code = "from pipeline.run.program import program_digest; print(program_digest())"
    return _run(python, "-c", code, cwd=cwd)


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(_failed(f"{command[1:4]}: exit {done.returncode}\n{done.stderr}"))
    return done.stdout


def _failed(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
