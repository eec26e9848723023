"""Settings come from the command line, else audit.toml, else the default, and say so."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config import Settings, in_force, load_settings
from pipeline.errors import ConfigError
from pipeline.run.earlier import READING

DOCUMENTED = Path("docs/configuration.md")


def configured(folder: Path, toml: str, **options: object) -> Settings:
    (folder / "audit.toml").write_text(toml, encoding="utf-8")
    return load_settings(folder, overrides=options)


def refused(folder: Path, toml: str) -> str:
    with pytest.raises(ConfigError) as caught:
        configured(folder, toml)
    assert caught.value.exit_code == 15
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.source_folder == tmp_path
    assert {origin for _, _, origin in in_force(settings)} == {"default"}


def test_the_file_beside_the_records_is_found(tmp_path: Path) -> None:
    assert configured(tmp_path, '[source]\nid = "west"\n').source.id == "west"


def test_a_file_named_on_the_command_line_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[source]\nid = "west"\n')
    other = tmp_path / "other.toml"
    other.write_text("\ufeff[source]\nid = 'east'\n", encoding="utf-8")
    assert load_settings(tmp_path, config=other).source.id == "east"


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        '[run]\nas_of = 2025-01-01\nfail_on = "review"\n[policy]\ncourse_gap_days = 5\n',
        as_of=date(2025, 2, 2),
        fail_on=None,
    )
    shown = {name: (value, origin) for name, value, origin in in_force(settings)}
    assert shown["run.as_of"] == ("2025-02-02", "command line")
    assert shown["run.fail_on"] == ("review", "audit.toml")
    assert shown["policy.course_gap_days"] == ("5", "audit.toml")
    assert shown["policy.session_gap_hours"] == ("6", "default")


@pytest.mark.parametrize(
    ("told", "given", "expected", "origin"),
    [
        ("", None, "csv", "default"),
        ("", "mimic3", "mimic3", "command line"),
        ('format = "mimic3"\n', None, "mimic3", "audit.toml"),
        ('format = "mimic3"\n', "csv", "csv", "command line"),
        ('format = "omop54"\n', "mimic3", "mimic3", "command line"),
    ],
)
def test_where_the_format_comes_from(
    tmp_path: Path, told: str, given: str | None, expected: str, origin: str
) -> None:
    (tmp_path / "audit.toml").write_text(told)
    settings = load_settings(tmp_path, format=given)
    assert in_force(settings)[0] == ("format", expected, origin)


def test_every_part_of_a_mapping_is_shown(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        """
        [files]
        infusion = "inf_*.csv"
        [record.infusion.rename]
        infusion_id = "ID"
        [record.infusion.convert]
        dose_g = {from = "mg", factor = "0.001"}
        weight_kg = {from = "lb", factor = 0.45359237, decimals = 3}
        [record.infusion.values.route]
        "2" = "SC"
        "1" = "IV"
        [record.infusion.constant]
        site_id = "S1"
        """,
    )
    shown = [row for row in in_force(settings) if row[0].startswith(("files.", "record."))]
    assert shown == [
        ("files.infusion", "inf_*.csv", "audit.toml"),
        ("record.infusion.rename.infusion_id", "ID", "audit.toml"),
        ("record.infusion.convert.dose_g", "mg × 0.001", "audit.toml"),
        ("record.infusion.convert.weight_kg", "lb × 0.45359237, 3 decimals", "audit.toml"),
        ("record.infusion.values.route", "1 = IV, 2 = SC", "audit.toml"),
        ("record.infusion.constant.site_id", "S1", "audit.toml"),
    ]
    assert settings.record["infusion"].convert["weight_kg"].factor == Decimal("0.45359237")


MAPPED = 'mapping_folder = "sql"\n'


def test_what_depends_on_the_machine_is_not_shown(tmp_path: Path) -> None:
    text = 'mapping_folder = "sql"\n[run]\nthreads = 2\nmemory_limit = "2GB"\n'
    settings = configured(tmp_path, text)
    assert settings.mapping_folder == tmp_path / "sql"
    shown = {name: value for name, value, _ in in_force(settings)}
    assert shown["mapping_folder"] == "sql"
    assert not {"run.threads", "run.memory_limit"} & shown.keys()


def test_other_selects_of_a_mapping_are_another_setting(tmp_path: Path) -> None:
    select = tmp_path / "sql" / "patient.sql"
    select.parent.mkdir()
    shown = []
    for text in ("SELECT 1", "SELECT 2", "SELECT 1"):
        select.write_text(text, encoding="utf-8")
        shown.append(dict(row[:2] for row in in_force(configured(tmp_path, MAPPED))))
    assert shown[0] == shown[2] != shown[1]


def test_what_decides_how_records_are_read_is_told_from_rules(tmp_path: Path) -> None:
    text = MAPPED + '[files]\ninfusion = "x*.csv"\n[table.x.values.a]\n1 = "IV"\n'
    names = {name for name, _, _ in in_force(configured(tmp_path, text))}
    assert "table.x.values.a" in names
    assert not {name for name in names if not name.startswith(("policy.", "run.", *READING))}


@pytest.mark.parametrize(
    ("toml", "key"),
    [
        ("colour = 1\n", "colour"),
        ("[policy]\ncourse_gap_day = 4\n", "policy.course_gap_day"),
        ("[policy]\ncourse_gap_days = -1\n", "policy.course_gap_days"),
        ("[source]\ntime_zone = 'Mars/Base'\n", "source.time_zone"),
        ("[csv]\nencoding = 'klingon'\n", "csv.encoding"),
        ("[csv]\nencoding = 'base64'\n", "csv.encoding"),
        ("[csv]\ndelimiter = ';;'\n", "csv.delimiter"),
        ("[files]\ninfusions = 'a.csv'\n", "files.infusions"),
        ("[record.infusions.rename]\na = 'b'\n", "record.infusions"),
        ("[record.infusion.rename]\nMRN = 'patient_id'\n", "record.infusion.rename.MRN"),
        ("[record.infusion.renames]\npatient_id = 'MRN'\n", "record.infusion.renames"),
        ("[record.infusion.convert]\ndose_g = {factor = 2}\n", "record.infusion.convert.dose_g"),
        ("[record.infusion.convert]\ndose_g = {from = 'a', factor = 0}\n", "dose_g.factor"),
        (
            "[record.infusion.convert]\ndose_g = {from = 'a', factor = 0.123456789012345}\n",
            "dose_g.factor",
        ),
        ("[over_time.grams.restart]\n'2024-13' = 'a'\n", "over_time.grams.restart"),
        ("[over_time.grams.restart]\n'2024-01' = ''\n", "over_time.grams.restart.2024-01"),
        ("[over_time.off_share]\ntarget = 5\n", "over_time.off_share.target"),
        ("[over_time.grams]\ntarget = 0.1\n", "over_time.grams.target"),
        ("source_folder = '/'\n", "source_folder"),
        ("origins = {}\n", "origins"),
        ("run = 3\n", "run"),
    ],
)
def test_a_key_that_does_not_fit_is_named(tmp_path: Path, toml: str, key: str) -> None:
    said = refused(tmp_path, toml)
    assert said.startswith("audit.toml: ")
    assert key in said


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "colour = 1\n[policy]\ninfant_years = -1\n[csv]\nquotes = 'x'\n")
    assert all(key in said for key in ("colour", "policy.infant_years", "csv.quotes"))


def test_a_column_filled_in_two_ways_is_refused(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        "[record.patient]\nrename = {sex = 'a'}\nconstant = {sex = 'F'}\n",
    )
    assert "sex: choose one of rename, convert and constant" in said


@pytest.mark.parametrize("content", [b"[csv\n", b"id = \xff\n"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "audit.toml").write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(tmp_path)


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_settings(tmp_path, config=tmp_path / "nowhere.toml")


def test_the_documented_example_loads(tmp_path: Path) -> None:
    for example in examples():
        configured(tmp_path, example)


def test_every_setting_is_documented() -> None:
    text = DOCUMENTED.read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_][a-z0-9_]*(?:\.[a-z_<>]+)*)`", text))
    assert set(setting_names()) - documented == set()


def test_the_first_example_sets_every_setting(tmp_path: Path) -> None:
    settings = configured(tmp_path, examples()[0])
    told = {name for name, _, origin in in_force(settings) if origin == "audit.toml"}
    parts = ("policy", "source", "csv", "over_time")
    fixed = {name for name in setting_names() if name.split(".")[0] in parts}
    assert fixed - told == set()


def examples() -> list[str]:
    """Return the TOML blocks of the page on configuration."""
    return re.findall(r"```toml\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)


def setting_names() -> list[str]:
    """Return the dotted name of every setting, read off the model."""
    settings = Settings()
    parts = ("source", "csv", "policy", "privacy", "e2b", "run")
    names = [f"{part}.{name}" for part in parts for name, _ in getattr(settings, part)]
    names += [f"over_time.{name}.{key}" for name, series in settings.over_time for key, _ in series]
    return [*names, "format", "mapping_folder"]
