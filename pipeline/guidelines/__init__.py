"""Read what guidelines say, and write it into the tables the checks join to."""

from pipeline.guidelines.compare import compare_sets
from pipeline.guidelines.library import GuidelineSet, Library, read_library, read_sets
from pipeline.guidelines.load import (
    PRODUCTS,
    forget_products,
    load,
    load_laboratory,
    load_products,
)
from pipeline.guidelines.show import list_sets, show_set

__all__ = [
    "PRODUCTS",
    "GuidelineSet",
    "Library",
    "compare_sets",
    "forget_products",
    "list_sets",
    "load",
    "load_laboratory",
    "load_products",
    "read_library",
    "read_sets",
    "show_set",
]
