"""Find everybody a lot of immunoglobulin may have reached, from a finished run.

What is found holds values of records; only the command that prints it may show it.
"""

from __future__ import annotations

from pipeline.recall.search import Recall, has_number, recall_lot, search, subject_of
from pipeline.recall.sheet import write_list
from pipeline.recall.text import as_text

__all__ = ["Recall", "as_text", "has_number", "recall_lot", "search", "subject_of", "write_list"]
