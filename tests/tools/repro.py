"""Run the demo with 1 and with 2 threads and compare every byte that must not differ."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAY_DIFFER = {"audit.duckdb", "timings.json"}


def run(out: Path, threads: int) -> Path:
    """Run the audit on the samples and return the folder of the run."""
    command = Path(sys.executable).with_name("ivig-audit")
    subprocess.run(
        [command, "run", "data_samples", "--out", out, "--threads", str(threads)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"POLARS_MAX_THREADS": str(threads)},
    )
    return (out / "latest").resolve()


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that must be the same."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in MAY_DIFFER
    }


def main() -> int:
    """Compare two runs; return 1 when anything differs."""
    with tempfile.TemporaryDirectory() as name:
        one, two = (run(Path(name) / f"threads{n}", n) for n in (1, 2))
        first, second = digests(one), digests(two)
        tables = json.loads((one / "manifest.json").read_text("utf-8"))["tables"]
        same_tables = tables == json.loads((two / "manifest.json").read_text("utf-8"))["tables"]
    different = sorted(k for k in first.keys() | second.keys() if first.get(k) != second.get(k))
    for file in different:
        sys.stdout.write(f"differs: {file}\n")
    sys.stdout.write(
        f"{len(first)} files and {len(tables)} table digests compared, "
        f"{len(different)} files differ, tables {'equal' if same_tables else 'DIFFER'}\n"
    )
    return 1 if different or not same_tables else 0


if __name__ == "__main__":
    sys.exit(main())
