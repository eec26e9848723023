"""Keep persons out of what is handed round: pseudonyms, and cells that give nobody away."""

from pipeline.disclosure.control import control
from pipeline.disclosure.naming import (
    identity,
    key_fingerprint,
    key_path,
    load_key,
    mark_opt_outs,
    pseudonym,
    pseudonyms,
    read_key,
    refuse_other_key,
    salt_findings,
)
from pipeline.disclosure.prescribers import PRESCRIBER_PREFIX, prescriber_pseudonyms

__all__ = [
    "PRESCRIBER_PREFIX",
    "control",
    "identity",
    "key_fingerprint",
    "key_path",
    "load_key",
    "mark_opt_outs",
    "prescriber_pseudonyms",
    "pseudonym",
    "pseudonyms",
    "read_key",
    "refuse_other_key",
    "salt_findings",
]
