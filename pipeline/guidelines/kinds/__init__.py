"""One module per kind of rule: its keys, its tables, its word in a rule's id.

A new kind is a module here and a file of the same name in `sql/checks`; nothing lists them.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from pipeline.guidelines.rules import Rule


def _found() -> dict[str, type[Rule]]:
    """Return the rule model of every module here, by the name of its module."""
    kinds = {}
    for module in iter_modules(__path__):
        loaded = import_module(f"{__name__}.{module.name}")
        models = [
            value
            for value in vars(loaded).values()
            if isinstance(value, type) and issubclass(value, Rule) and value is not Rule
        ]
        (kinds[module.name],) = models
    return kinds


RULE_OF_KIND: dict[str, type[Rule]] = _found()
"""The model of every kind, by its name."""

KIND_TABLES: dict[str, dict[str, str]] = {
    table: columns for model in RULE_OF_KIND.values() for table, columns in model.TABLES.items()
}
"""The guideline tables that one kind of rule fills."""
