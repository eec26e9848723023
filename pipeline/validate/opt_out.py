"""Leave out everything of the patients who opted out, before any row is looked at.

What is left out comes into no table: not staged, not in quarantine, not set aside. Only how many
patients and rows it were is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from pipeline import resources
from pipeline.store import count_rows
from pipeline.validate.cells import clean
from pipeline.validate.links import every_link
from schemas import Contract, contract

_COUNTED: Final = {
    "n_listed": "BIGINT",
    "n_unknown": "BIGINT",
    "n_patients": "BIGINT",
    "n_rows": "BIGINT",
    "n_texts_withheld": "BIGINT",
}


class OptOuts:
    """Who is left out of one run; without a list nobody is, and nothing is asked."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        supplied: Sequence[str],
        *,
        own_source: str,
        shares_patients: bool,
    ) -> None:
        """Find out whose rows and which records are to be left out.

        Args:
            con: the run's database, with `mapped` and, where there is a list, `raw.opted_out`.
            supplied: the record kinds that are mapped.
            own_source: the source of rows that name none.
            shares_patients: sources use the same patient ids.
        """
        self._con = con
        self._supplied = [record for record in supplied if record != "source_coverage"]
        self._source = f"COALESCE({clean('m.source_id')}, {duckdb.ConstantExpression(own_source)})"
        self._scope = "''" if shares_patients else self._source
        self.has_list = _has_list(con)
        self.rows: dict[str, int] = {}
        if self.has_list:
            self._find_patients(shares_patients=shares_patients)
            self._find_records()

    def kept(self, one: Contract) -> str:
        """Return what to select the rows of a record kind from, less what is left out."""
        whole = f"mapped.{one.record}"
        if not self.has_list or one.record == "source_coverage":
            return whole
        is_out = [f"out_{column}.patient_id IS NOT NULL" for column in _patients(one)]
        joins = [self._of_patient(column) for column in _patients(one)]
        emptied = []
        for column, record in every_link(one).items():
            joins.append(self._of_record(column, record))
            if one.parent == (column, record):
                is_out.append(f"out_{column}.record_id IS NOT NULL")
            else:  # an id of what is left out says too much in another patient's row
                emptied.append(
                    f"CASE WHEN out_{column}.record_id IS NULL THEN m.{column} END AS {column}"
                )
        replaced = f"REPLACE ({', '.join(emptied)})" if emptied else ""
        return f"""(
            SELECT m.* {replaced}
            FROM {whole} AS m {" ".join(joins)}
            WHERE NOT ({" OR ".join(is_out) or "FALSE"})
        )"""

    def count(self, record: str, kept_rows: int) -> int:
        """Note how many rows of a record kind were left out, and return all it had."""
        n_rows = count_rows(self._con, f"mapped.{record}") if self.has_list else kept_rows
        self.rows[record] = n_rows - kept_rows
        return n_rows

    def settle(self) -> None:
        """Write audit.opt_out, withhold the text of lines nobody can be told of, forget the ids."""
        declared = ", ".join(f"{name} {kind}" for name, kind in _COUNTED.items())
        self._con.execute(f"CREATE TABLE audit.opt_out ({declared})")
        if not self.has_list:
            return
        n_withheld = self._withhold() if count_rows(self._con, "left_out") else 0
        self._con.execute(
            """
            INSERT INTO audit.opt_out
            SELECT
                (SELECT COUNT(*) FROM raw.opted_out),
                (
                    SELECT COUNT(*)
                    FROM raw.opted_out AS o
                    WHERE NOT EXISTS (
                        SELECT 1
                        FROM known_id AS k
                        WHERE
                            k.patient_id = o.patient_id
                            AND (k.id_scope = '' OR o.source_id IS NULL OR k.id_scope = o.source_id)
                    )
                ),
                (SELECT COUNT(*) FROM patient_left_out),
                $n_rows,
                $n_withheld
            """,
            {"n_rows": sum(self.rows.values()), "n_withheld": n_withheld},
        )
        for name in ("opted_out", "merge_named", "left_out", "known_id", "patient_left_out",
                     "record_left_out", "asking_source"):  # fmt: skip
            self._con.execute(f"DROP TABLE temp.{name}")

    def _withhold(self) -> int:
        """Empty the text of every unreadable line: whose it is cannot be told."""
        found = self._con.execute(
            "UPDATE quarantine.unreadable SET original_text = NULL WHERE original_text IS NOT NULL"
        ).fetchall()
        return int(found[0][0])

    def _find_patients(self, *, shares_patients: bool) -> None:
        """Make `left_out`, `known_id` and `patient_left_out`: identifiers, with what they mean."""
        sources = self._union("SELECT {source} AS source_id FROM mapped.{record} AS m")
        self._make("asking_source", f"SELECT DISTINCT source_id FROM ({sources})")
        whose = (
            "SELECT DISTINCT '' AS id_scope, patient_id FROM raw.opted_out"
            if shares_patients
            else """
            SELECT DISTINCT s.source_id AS id_scope, o.patient_id
            FROM raw.opted_out AS o
            INNER JOIN asking_source AS s ON COALESCE(o.source_id, s.source_id) = s.source_id
            """
        )
        self._make("opted_out", whose)
        merged = f"""
            SELECT {self._scope} AS id_scope, {clean("m.merged_id")} AS merged_id,
                {clean("m.surviving_id")} AS surviving_id
            FROM mapped.patient_merge AS m
        """
        none = "SELECT '' AS id_scope, '' AS merged_id, '' AS surviving_id LIMIT 0"
        self._make("merge_named", merged if "patient_merge" in self._supplied else none)
        self._make("left_out", resources.sql("validate/left_out.sql"))
        named = [
            f"SELECT {self._scope} AS id_scope, {clean(f'm.{column}')} AS patient_id"
            f" FROM mapped.{record} AS m"
            for record in self._supplied
            for column in _patients(contract(record))
        ]
        self._make(
            "known_id",
            f"SELECT DISTINCT id_scope, patient_id FROM ({' UNION ALL '.join(named)})"
            " SEMI JOIN left_out USING (id_scope, patient_id)",
        )
        self._make(
            "patient_left_out",
            f"SELECT DISTINCT {self._scope} AS id_scope, {clean('m.patient_id')} AS patient_id"
            f" FROM mapped.patient AS m {self._of_patient('patient_id')}"
            " WHERE out_patient_id.patient_id IS NOT NULL"
            # an identifier given up is no patient more
            f" AND ({self._scope}, {clean('m.patient_id')})"
            " NOT IN (SELECT (id_scope, merged_id) FROM merge_named)",
        )

    def _find_records(self) -> None:
        """Make `record_left_out`: one row per source that may ask and id it knows.

        An id that only one source uses is known to every source, as where rows are tied together.
        """
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE record_left_out"
            " (record VARCHAR, source_id VARCHAR, record_id VARCHAR)"
        )
        linked = {target for r in self._supplied for target in every_link(contract(r)).values()}
        for record in sorted(linked & set(self._supplied)):
            one = contract(record)
            key = clean(f"m.{one.identity[0]}")
            self._con.execute(
                f"""
                INSERT INTO record_left_out
                WITH gone AS (
                    SELECT DISTINCT {self._source} AS source_id, {key} AS record_id
                    FROM mapped.{record} AS m {self._of_patient(str(one.patient))}
                    WHERE out_{one.patient}.patient_id IS NOT NULL
                ),
                in_use AS (
                    SELECT DISTINCT {self._source} AS source_id, {key} AS record_id
                    FROM mapped.{record} AS m
                )
                SELECT '{record}', source_id, record_id FROM gone WHERE record_id IS NOT NULL
                UNION
                SELECT '{record}', s.source_id, g.record_id
                FROM gone AS g
                CROSS JOIN asking_source AS s
                ANTI JOIN in_use AS u ON u.source_id = s.source_id AND u.record_id = g.record_id
                WHERE g.record_id IS NOT NULL
                """
            )

    def _of_patient(self, column: str) -> str:
        return f"""
            LEFT JOIN left_out AS out_{column}
                ON
                    out_{column}.patient_id = {clean(f"m.{column}")}
                    AND out_{column}.id_scope = {self._scope}
        """

    def _of_record(self, column: str, record: str) -> str:
        return f"""
            LEFT JOIN record_left_out AS out_{column}
                ON
                    out_{column}.record = '{record}'
                    AND out_{column}.record_id = {clean(f"m.{column}")}
                    AND out_{column}.source_id = {self._source}
        """

    def _union(self, select: str) -> str:
        return " UNION ALL ".join(
            select.format(source=self._source, record=record) for record in self._supplied
        )

    def _make(self, name: str, select: str) -> None:
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")


def _patients(one: Contract) -> tuple[str, ...]:
    """Return the columns of a record kind that name a patient."""
    if one.record == "patient_merge":
        return ("merged_id", "surviving_id")
    return (one.patient,) if one.patient else ()


def _has_list(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'raw' AND table_name = 'opted_out'"
    )
    return bool(found.fetchall())
