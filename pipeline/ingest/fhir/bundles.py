"""Put the resources of Bundles in their place, and let them point at each other by id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import duckdb
import polars as pl

from pipeline.ingest.fhir.lines import TYPE

# Bundles within Bundles, as some interfaces nest them; deeper ones are told as unreadable.
_MAX_NESTED = 3
_ADDRESS = re.compile(r'("reference"\s*:\s*)"(urn:[^"]+)"')


def open_bundles(con: duckdb.DuckDBPyConnection) -> None:
    """Put the entries of every Bundle of `raw.line` in its place, and of those within."""
    for depth in range(_MAX_NESTED):
        if not _open(con, depth):
            break
    _point_by_id(con)


def _open(con: duckdb.DuckDBPyConnection, depth: int) -> bool:
    """Put the entries of every Bundle in its place; say whether there was one.

    `bundle_row` tells the Bundles of a file apart, for an address holds within its Bundle.
    """
    found = con.sql("SELECT COUNT(*) FROM raw.line WHERE resource_type = 'Bundle'").fetchall()
    if not found[0][0]:
        return False
    con.execute(
        f"""
        CREATE OR REPLACE TABLE raw.line AS
        WITH opened AS (
            SELECT
                *,
                CASE
                    WHEN resource_type = 'Bundle' THEN JSON_EXTRACT(body, '$.entry[*]')
                    ELSE [NULL]
                END AS entries
            FROM raw.line
        ),

        entered AS (
            SELECT
                * EXCLUDE (entries),
                UNNEST(entries) AS entry,
                GENERATE_SUBSCRIPTS(entries, 1) AS place
            FROM opened
        ),

        taken AS (
            SELECT
                source_row,
                place,
                source_row * {_MAX_NESTED} + {depth} AS bundle_row,
                JSON_EXTRACT_STRING(entry, '$.fullUrl') AS full_url,
                CAST(JSON_EXTRACT(entry, '$.resource') AS VARCHAR) AS body,
                NULL AS resource_type
            FROM entered
            WHERE resource_type = 'Bundle'
            UNION ALL
            SELECT source_row, place, bundle_row, full_url, body, resource_type
            FROM entered
            WHERE resource_type IS DISTINCT FROM 'Bundle'
        )

        SELECT
            ROW_NUMBER() OVER (ORDER BY source_row, place) AS source_row,
            bundle_row,
            full_url,
            body,
            CASE WHEN resource_type IS NULL THEN {TYPE} ELSE resource_type END AS resource_type
        FROM taken
        """
    )
    return True


def _point_by_id(con: duckdb.DuckDBPyConnection) -> None:
    """Write references by urn:uuid as references by type and id, within each Bundle.

    A resource without an id goes by its address. What points nowhere stays as it is.
    """
    found = con.sql(
        """
        SELECT
            bundle_row,
            full_url,
            resource_type || '/' || COALESCE(
                JSON_EXTRACT_STRING(body, '$.id'), REGEXP_REPLACE(full_url, '^urn:[a-z]+:', '')
            )
        FROM raw.line
        WHERE STARTS_WITH(full_url, 'urn:') AND resource_type IS NOT NULL
        ORDER BY source_row
        """
    ).fetchall()
    if not found:
        return
    known = {(bundle, address): name for bundle, address, name in found}
    rows = con.sql(
        """
        SELECT source_row, bundle_row, body
        FROM raw.line
        WHERE CONTAINS(body, '"urn:') AND bundle_row IS NOT NULL AND resource_type IS NOT NULL
        """
    ).fetchall()
    pointed = [_ADDRESS.sub(partial(_named, known, bundle), body) for _, bundle, body in rows]
    frame = pl.DataFrame(
        {"source_row": [row for row, *_ in rows], "body": pointed},
        schema={"source_row": pl.Int64, "body": pl.String},
    )
    con.register("pointed", frame)
    con.execute(
        "UPDATE raw.line SET body = p.body FROM pointed AS p WHERE line.source_row = p.source_row"
    )
    con.unregister("pointed")


def _named(known: Mapping[tuple[int, str], str], bundle: int, hit: re.Match[str]) -> str:
    """Return what an address within quotes stands for, in quotes, or the address itself."""
    name = known.get((bundle, hit.group(2)))
    return hit.group(0) if name is None else f'{hit.group(1)}"{name}"'
