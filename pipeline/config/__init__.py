"""The settings of a run: what may be set, and where a value in force came from."""

from pipeline.config.database import Database
from pipeline.config.load import in_force, load_settings
from pipeline.config.sections import (
    Convert,
    Csv,
    Options,
    Origin,
    OverTime,
    Policy,
    Privacy,
    RecordMapping,
    Sender,
    Settings,
    Source,
)

__all__ = [
    "Convert",
    "Csv",
    "Database",
    "Options",
    "Origin",
    "OverTime",
    "Policy",
    "Privacy",
    "RecordMapping",
    "Sender",
    "Settings",
    "Source",
    "in_force",
    "load_settings",
]
