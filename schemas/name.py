"""Say what a name is by which somebody answers for something."""

from __future__ import annotations

from typing import Final

NAME: Final = r"^[^\p{Cc}\p{Zl}\p{Zp}]*[\p{L}\p{N}][^\p{Cc}\p{Zl}\p{Zp}]*$"
"""One line that shows something: a name of blanks or of characters without width is nobody's."""
