"""Write the report a reader opens: one HTML file, no script, no network."""

from pathlib import Path
from threading import Thread

import duckdb

from pipeline.config import Settings

__all__ = ["render", "warm_up"]


def render(con: duckdb.DuckDBPyConnection, settings: Settings, folder: Path) -> None:
    """Write the editions asked for: clinical, committee and internal, each in its own place."""
    from pipeline.render import page  # noqa: PLC0415 - see warm_up

    page.render(con, settings, folder)


def warm_up() -> None:
    """Load what draws the pages, two seconds of work, while the database still reads files.

    A run that fails waits for it: Python must not end under a thread that loads libraries, or they
    print what they lost behind the one line of the error.
    """
    Thread(target=_load).start()


def _load() -> None:
    from pipeline.render import environment, figures  # noqa: PLC0415 - the loading is the work

    figures.start_renderer()
    environment.compile_templates()
