"""Hold the kinds of defect: one module per kind of check, each with its `DEFECTS`.

A new kind is one entry in a module here; nothing else lists them.
"""

from __future__ import annotations

import importlib
import pkgutil

from pipeline.synth.defect import Defect

DEFECTS: tuple[Defect, ...] = tuple(
    defect
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__))
    for defect in importlib.import_module(f"{__name__}.{module}").DEFECTS
)
