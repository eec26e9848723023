"""Pseudonyms, and the key they are made with."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import disclosure
from pipeline.config import Privacy, Settings
from pipeline.disclosure import naming
from pipeline.errors import ConfigError
from pipeline.run.audit import _key
from pipeline.run.journal import Journal

KEY = bytes(range(32))


def test_a_pseudonym_has_its_documented_form() -> None:
    assert disclosure.pseudonym(KEY, "SYN-00000001") == "P-3B0C-2237"


def test_the_same_key_gives_the_same_pseudonym_and_another_key_another() -> None:
    assert disclosure.pseudonym(KEY, "a") == disclosure.pseudonym(KEY, "a")
    assert disclosure.pseudonym(KEY, "a") != disclosure.pseudonym(bytes(32), "a")


def test_two_patients_with_one_short_form_get_a_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {"a": "7F3A92C1" + "0" * 56, "b": "7F3A92C1" + "1" * 56, "c": "AAAA0000" + "2" * 56}
    monkeypatch.setattr(naming, "_digest", lambda _key, identity: digests[identity])
    assert disclosure.pseudonyms(KEY, ["a", "b", "c"]) == {
        "a": "P-7F3A-92C1-0000-0000",
        "b": "P-7F3A-92C1-1111-1111",
        "c": "P-AAAA-0000",
    }


@given(st.sets(st.text(max_size=20), max_size=50))
def test_no_two_patients_share_a_pseudonym(identities: set[str]) -> None:
    shown = disclosure.pseudonyms(KEY, identities)
    assert len(set(shown.values())) == len(identities)


def test_ids_of_two_sources_are_two_patients_only_when_ids_are_per_source() -> None:
    assert disclosure.identity("1", "north", per_source=True) != disclosure.identity(
        "1", "south", per_source=True
    )
    assert disclosure.identity("1", "north", per_source=False) == "1"


def test_a_missing_key_file_is_made_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pseudonym.key"
    key = disclosure.load_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert disclosure.load_key(path) == key


def test_that_a_new_key_was_made_is_said_aloud_and_what_it_costs(tmp_path: Path) -> None:
    settings = Settings(privacy=Privacy(key_file=tmp_path / "key"))
    out = tmp_path / "out"
    said = [io.StringIO() for _ in range(3)]
    first = _key(settings, out, Journal(said[0]))
    assert "warning: key: no key of the pseudonyms was there" in said[0].getvalue()
    assert "Put the old file back" not in said[0].getvalue()
    assert _key(settings, out, Journal(said[1])) == first
    assert said[1].getvalue() == ""
    (out / "latest").mkdir(parents=True)
    (tmp_path / "key").unlink()
    assert _key(settings, out, Journal(said[2])) != first
    assert "Put the old file back" in said[2].getvalue()


@pytest.mark.parametrize("text", ["", "zz", "0f", "é" * 64])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="hexadecimal"):
        disclosure.load_key(path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    disclosure.load_key(path)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        disclosure.load_key(path)


def test_a_folder_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        disclosure.load_key(tmp_path)


def test_a_key_inside_the_output_folder_is_refused(tmp_path: Path) -> None:
    settings = Settings(privacy=Privacy(key_file=tmp_path / "out" / "a" / "pseudonym.key"))
    with pytest.raises(ConfigError, match="output folder"):
        disclosure.key_path(settings, tmp_path / "out")


def test_a_key_reached_by_a_detour_or_a_link_is_still_inside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere").symlink_to(out)
    for path in (tmp_path / "x" / ".." / "out" / "k", tmp_path / "elsewhere" / "k"):
        with pytest.raises(ConfigError, match="output folder"):
            disclosure.key_path(Settings(privacy=Privacy(key_file=path)), out)


def test_the_default_key_lies_in_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert disclosure.key_path(Settings()) == tmp_path / "ivig-audit" / "pseudonym.key"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert disclosure.key_path(Settings()) == tmp_path / ".config" / "ivig-audit" / "pseudonym.key"


def test_the_fingerprint_names_the_key_and_gives_nothing_of_it_away() -> None:
    shown = disclosure.key_fingerprint(KEY)
    assert len(shown) == 8
    assert shown not in KEY.hex()
    assert shown != disclosure.key_fingerprint(bytes(32))


def test_a_key_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pseudonym.key"

    def killed(_: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("secrets.token_hex", killed)
        with pytest.raises(KeyboardInterrupt):
            disclosure.load_key(path)
    assert not path.exists()
    key = disclosure.load_key(path)
    assert disclosure.load_key(path) == key
    assert [left.name for left in tmp_path.iterdir()] == ["pseudonym.key"]
