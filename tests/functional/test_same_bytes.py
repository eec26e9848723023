"""The same records give the same bytes, whatever the number of threads."""

from __future__ import annotations

from tools.repro import main


def test_one_thread_and_two_give_the_same_files_and_table_digests() -> None:
    assert main() == 0
