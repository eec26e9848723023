"""The audit of dependencies fails on a known fault, and says aloud when it could not ask."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tools.audit_dependencies import ROOT, pins

PINNED = pins((ROOT / "requirements.lock").read_text("utf-8"))


class _Answer(BaseHTTPRequestHandler):
    faulty = ""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        results = [
            {"vulns": [{"id": "X-1"}, {"id": "X-2"}]} if q["package"]["name"] == self.faulty else {}
            for q in asked
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": results}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def database() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def audited(database: str, accepted: Path) -> subprocess.CompletedProcess[str]:
    tool = ROOT / "tests" / "tools" / "audit_dependencies.py"
    return subprocess.run(
        [sys.executable, tool, "--database", database, "--accepted", accepted],
        capture_output=True,
        text=True,
        check=False,
        env={"no_proxy": "127.0.0.1"},
    )


def test_a_known_fault_fails_until_it_is_accepted_with_a_reason(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = tmp_path / "accepted.toml"
    accepted.write_text("")
    done = audited(database, accepted)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(PINNED)} dependencies looked up, 0 faults" in done.stdout
    monkeypatch.setattr(_Answer, "faulty", PINNED[0][0])
    done = audited(database, accepted)
    assert done.returncode == 1
    assert f"{PINNED[0][0]} {PINNED[0][1]}: X-1, X-2" in done.stderr
    accepted.write_text('"X-1" = "not reached"\n"X-2" = "not reached"\n')
    assert audited(database, accepted).returncode == 0


def test_where_nothing_answers_it_is_skipped_aloud(tmp_path: Path) -> None:
    done = audited("http://127.0.0.1:9/", tmp_path / "none.toml")
    assert done.returncode == 0
    assert done.stderr.startswith("SKIPPED: no database of vulnerabilities answers")
    assert f"{len(PINNED)} dependencies were NOT looked up" in done.stderr
    assert done.stdout == ""
