"""Read what guidelines say, and write it into the tables the checks join to."""

from pipeline.guidelines.compare import compare_sets
from pipeline.guidelines.library import GuidelineSet, Library, read_library, read_sets
from pipeline.guidelines.load import load, load_laboratory
from pipeline.guidelines.show import list_sets, show_set

__all__ = [
    "GuidelineSet",
    "Library",
    "compare_sets",
    "list_sets",
    "load",
    "load_laboratory",
    "read_library",
    "read_sets",
    "show_set",
]
