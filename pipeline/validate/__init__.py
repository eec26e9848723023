"""Decide which rows can be trusted: typed, checked, identified, tied to their patient."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.store import TIGHT
from pipeline.validate import quarantine, typed
from pipeline.validate.coverage import write_coverage
from pipeline.validate.identity import settle_versions
from pipeline.validate.ledger import refuse_too_many, write_ledger
from pipeline.validate.links import find_strangers
from pipeline.validate.opt_out import OptOuts
from pipeline.validate.patients import apply_merges, find_impossible_merges
from pipeline.validate.results import find_impossible_results
from pipeline.validate.rules import broken_rules
from pipeline.validate.stage import drop_excluded, fill_staged, make_staged, write_set_aside
from pipeline.validate.times import read_clock
from schemas import RECORDS, Contract, contract

__all__ = ["validate"]


@dataclass(frozen=True)
class _Work:
    """What every record kind needs while it is validated."""

    con: duckdb.DuckDBPyConnection
    told: typed.Dialect
    shares_patients: bool
    settings: Settings
    opt_outs: OptOuts
    tight: frozenset[str]
    """The record kinds of which no text begins or ends with a blank."""


def validate(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Turn `mapped.*` into `staged.*`, `quarantine.*` and the ledger that closes over them.

    Raises:
        InputError: there are no patients, or neither infusions nor dispensings.
        QuarantineLimitError: too many rows of a record kind are bad; all tables are written.
        CheckError: a rule failed to run or the ledger does not close.
    """
    supplied = _supplied(con)
    _make_shared_tables(con)
    clock = read_clock(con, settings.source)
    told = typed.Dialect(settings.csv.decimal, settings.source.id, clock)
    shares_patients = settings.source.patient_ids == "shared"
    opt_outs = OptOuts(
        con, supplied, own_source=settings.source.id, shares_patients=shares_patients
    )
    work = _Work(con, told, shares_patients, settings, opt_outs, _tight(con))
    mapped_rows = {}
    for record in RECORDS:
        _make_tables(con, contract(record))
        if record in supplied:
            mapped_rows[record] = _validate_record(work, contract(record))
        if record == "patient_merge":
            apply_merges(con, shares_patients=work.shares_patients)
    opt_outs.settle()
    write_coverage(con, supplied)
    write_ledger(con, mapped_rows, opt_outs.rows)
    refuse_too_many(con, settings.run.max_quarantine)


def _supplied(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute(
        """
        SELECT table_name FROM duckdb_tables() WHERE database_name = 'mapped'
        UNION ALL
        SELECT view_name FROM duckdb_views() WHERE database_name = 'mapped'
        """
    ).fetchall()
    mapped = {name for (name,) in found}
    supplied = [record for record in RECORDS if record in mapped]
    if "patient" not in supplied:
        raise InputError("patient: no such record. Supply patient.csv (ivig-audit contract).")
    if not {"infusion", "dispensing"} & set(supplied):
        raise InputError("infusion: no such record, nor dispensing. Supply one of them.")
    return supplied


def _tight(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    found = con.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'mapped' AND comment = $tight",
        {"tight": TIGHT},
    )
    return frozenset(name for (name,) in found.fetchall())


def _make_shared_tables(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        CREATE TABLE staged.set_aside (
            record VARCHAR, source_file SMALLINT, source_row INTEGER, reason VARCHAR
        )
        """
    )
    con.execute(
        """
        CREATE TABLE staged.flag (
            record VARCHAR, record_key INTEGER, column_name VARCHAR, check_name VARCHAR
        )
        """
    )


def _make_tables(con: duckdb.DuckDBPyConnection, one: Contract) -> None:
    """Make the tables of one record kind; they stay empty when it was not supplied."""
    make_staged(con, one)
    quarantine.make_quarantine(con, one)


def _validate_record(work: _Work, one: Contract) -> int:
    """Stage one record kind, and return how many rows it had."""
    kept = work.opt_outs.kept(one)
    mapped = typed.look_at(work.con, kept, is_tight=one.record in work.tight)
    n_rows = work.opt_outs.count(one.record, mapped.n_rows)
    if not mapped.n_rows:
        _let_go(work.con, one.record)
        return n_rows
    typed.make_typed(work.con, one, mapped, work.told)
    quarantine.open_work(work.con)
    _find_problems(work, one)
    if not quarantine.is_clean(work.con):
        quarantine.settle_problems(work.con, one)
        quarantine.write_quarantine(work.con, one, mapped, work.told)
        quarantine.blank_cells(work.con, one)
        write_set_aside(work.con, one)
        drop_excluded(work.con)
    fill_staged(work.con, one, shares_patients=work.shares_patients)
    _let_go(work.con, one.record)
    return n_rows


def _find_problems(work: _Work, one: Contract) -> None:
    """Fill `problem` and `aside` with what is wrong with the typed rows."""
    quarantine.note_unreadable(work.con, one)
    quarantine.note_broken(work.con, broken_rules(work.con, one))
    settle_versions(work.con, one, shares_patients=work.shares_patients)
    find_strangers(work.con, one, shares_patients=work.shares_patients)
    if one.record == "lab_result":
        find_impossible_results(work.con, work.settings)
    if one.record == "patient_merge":
        find_impossible_merges(work.con, shares_patients=work.shares_patients)


def _let_go(con: duckdb.DuckDBPyConnection, record: str) -> None:
    """Drop what the next record kind does not need, to give its memory back."""
    con.execute("DROP TABLE IF EXISTS typed")
    views = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE database_name = 'mapped' AND view_name = $record",
        {"record": record},
    ).fetchall()
    con.execute(f"DROP {'VIEW' if views else 'TABLE'} mapped.{record}")
