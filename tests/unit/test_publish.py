"""A run becomes visible in one step, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError, LockedError, OutputError
from pipeline.run import publish as publishing
from pipeline.run.exchange import exchange
from pipeline.run.publish import building, previous_run, publish


def _publish(out: Path, run_id: str, text: str, content: str = "c") -> Path:
    with building(out) as workshop:
        (workshop / "report.html").write_text(text)
        (workshop / "manifest.json").write_text(json.dumps({"content_digest": content}))
        return publish(workshop, out, run_id)


def test_latest_points_at_the_published_run(tmp_path: Path) -> None:
    folder = _publish(tmp_path / "out", "r1", "one")
    assert (tmp_path / "out" / "latest").resolve() == folder
    assert (tmp_path / "out" / "latest" / "report.html").read_text() == "one"


def test_a_failed_build_leaves_the_old_report_and_no_litter(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _publish(out, "r1", "one")
    with pytest.raises(ZeroDivisionError), building(out) as workshop:
        (workshop / "report.html").write_text("half")
        raise ZeroDivisionError
    assert (out / "latest" / "report.html").read_text() == "one"
    assert sorted(p.name for p in out.iterdir()) == [".lock", "latest", "runs"]


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".building").mkdir(parents=True)
    (out / ".building" / "half").write_text("x")
    with building(out) as workshop:
        assert list(workshop.iterdir()) == []


def test_the_same_run_again_replaces_itself(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _publish(out, "r1", "one")
    _publish(out, "r1", "one again")
    assert (out / "latest" / "report.html").read_text() == "one again"
    assert [p.name for p in (out / "runs").iterdir()] == ["r1"]


def test_a_second_run_is_refused_while_the_first_builds(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with building(out), pytest.raises(LockedError), building(out):
        pass


def test_the_lock_does_not_outlive_its_owner(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, sys; from pathlib import Path; from pipeline.run.publish import building\n"
        "with building(Path(sys.argv[1])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(out)], check=False)
    with building(out) as workshop:
        assert workshop.is_dir()


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = _publish(tmp_path / "out", "r1", "one")
    assert (folder / "report.html").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_output_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError), building(tmp_path / "out"):
        pass


def test_an_output_path_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError), building(tmp_path / "out"):
        pass


def test_the_previous_run_is_the_newest_with_other_content(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number, content in enumerate("aab", 1):
        folder = _publish(out, f"r{number}", "x", content)
        os.utime(folder / "manifest.json", ns=(number, number))
    assert previous_run(out, "auto", "b") == "r2"
    assert previous_run(out, "auto", "z") == "r3"
    assert previous_run(out, "none", "z") == ""


def test_a_named_previous_run_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        previous_run(tmp_path, "r9", "z")


def test_a_run_killed_while_it_replaced_itself_is_put_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = _publish(out, "r1", "one")
    (out / ".retired").mkdir()
    folder.rename(out / ".retired" / "r1")
    assert not (out / "latest" / "report.html").exists()
    with building(out):
        assert (out / "latest" / "report.html").read_text() == "one"
    assert not (out / ".retired").exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_in_the_way_of_the_build_is_cleared_and_not_followed(
    tmp_path: Path, kind: str
) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (other / "mine").write_text("x")
    if kind == "file":
        (out / ".building").write_text("x")
    else:
        (out / ".building").symlink_to(other)
    with building(out) as workshop:
        assert list(workshop.iterdir()) == []
    assert (other / "mine").read_text() == "x"


def test_two_folders_change_places_in_one_step(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text(name)
    if not exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this file system cannot exchange two folders")
    assert (tmp_path / "one" / "mine").read_text() == "other"
    assert (tmp_path / "other" / "mine").read_text() == "one"
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "nowhere")


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_same_run_again_takes_its_own_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can_exchange: bool
) -> None:
    out = tmp_path / "out"
    _publish(out, "r1", "one")
    if can_exchange:  # then `latest` points at a whole run at every moment
        monkeypatch.setattr(publishing, "_replace", None)
        if not exchange(out / "runs" / "r1", out / "runs" / "r1"):
            pytest.skip("this file system cannot exchange two folders")
    else:
        monkeypatch.setattr(publishing, "exchange", lambda *_: False)
    _publish(out, "r1", "one again")
    assert (out / "latest" / "report.html").read_text() == "one again"
    assert sorted(path.name for path in out.iterdir()) == [".lock", "latest", "runs"]
