"""Our copy of the test vectors and published errors is that of the safety reference.

The reference lies beside the checkout (`../shared/reference/safety.yaml`); where it does not, this
is skipped aloud.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "safety.yaml"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not REFERENCE.is_file(), reason="NOT TESTED: ../shared/reference/safety.yaml is not here"
    ),
]


def _read(path: Path) -> dict[str, Any]:
    text: dict[str, Any] = yaml.load(
        path.read_text("utf-8"),
        Loader=yaml.BaseLoader,  # noqa: S506 - text only
    )
    return text


def test_every_vector_of_the_reference_is_in_our_copy_digit_for_digit() -> None:
    ours, theirs = _read(ROOT / "tests" / "signal_vectors.yaml"), _read(REFERENCE)
    for part in ("vectors", "published_errors"):
        assert ours[part] == theirs["signal_detection"][part]
