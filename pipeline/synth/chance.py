"""Draw numbers that depend on the seed, a name and keys alone.

Counter-based (the finaliser of splitmix64 over the keys), so that a draw never depends on how
many were drawn before it, on the number of threads, or on the version of a library.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_Words = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FRACTION_BITS = 53


class Chance:
    """A source of repeatable draws for one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed % 2**64

    def uniform(self, name: str, *keys: npt.ArrayLike) -> Floats:
        """Return one number in [0, 1) per key."""
        words = self._words(name, keys)
        top = (words >> np.uint64(64 - _FRACTION_BITS)).astype(np.float64)
        return np.asarray(top / float(2**_FRACTION_BITS), dtype=np.float64)

    def happens(self, name: str, share: float, *keys: npt.ArrayLike) -> Flags:
        """Say for each key whether something happens that happens to this share of them."""
        return np.asarray(self.uniform(name, *keys) < share, dtype=np.bool_)

    def between(
        self, name: str, low: npt.ArrayLike, high: npt.ArrayLike, *keys: npt.ArrayLike
    ) -> Floats:
        """Return one number in [low, high) per key."""
        low = np.asarray(low, dtype=np.float64)
        return np.asarray(low + self.uniform(name, *keys) * (np.asarray(high) - low))

    def whole(
        self, name: str, low: npt.ArrayLike, high: npt.ArrayLike, *keys: npt.ArrayLike
    ) -> Whole:
        """Return one whole number from low to high, both included, per key."""
        low = np.asarray(low, dtype=np.int64)
        spread = np.asarray(high, dtype=np.int64) - low + 1
        return np.asarray(low + np.floor(self.uniform(name, *keys) * spread), dtype=np.int64)

    def pick(self, name: str, shares: Sequence[float], *keys: npt.ArrayLike) -> Whole:
        """Return the position of one share per key, each as often as its share says."""
        bounds = np.cumsum(np.asarray(shares, dtype=np.float64))
        drawn = self.uniform(name, *keys) * bounds[-1]
        return np.asarray(np.searchsorted(bounds[:-1], drawn, side="right"), dtype=np.int64)

    def bell(self, name: str, *keys: npt.ArrayLike) -> Floats:
        """Return one bell-shaped number per key: mean 0, deviation 1, never beyond 3.5."""
        drawn = [self.uniform(f"{name} {part}", *keys) for part in range(4)]
        return np.asarray((sum(drawn) - 2.0) * 3.0**0.5, dtype=np.float64)

    def _words(self, name: str, keys: tuple[npt.ArrayLike, ...]) -> _Words:
        start = np.array([self.seed, zlib.crc32(name.encode())], dtype=np.uint64)
        words = _mixed(_mixed(start[:1] * _GOLDEN) + start[1:])
        for key in keys:
            words = _mixed(words + np.asarray(key).astype(np.int64).astype(np.uint64) * _GOLDEN)
        return words


def _mixed(words: _Words) -> _Words:
    """Scatter 64-bit words: the finaliser of splitmix64 (Steele, Lea and Flood, 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(words ^ (words >> np.uint64(31)), dtype=np.uint64)


def scattered(numbers: npt.ArrayLike, seed: int) -> _Words:
    """Return a 32-bit permutation of the numbers: distinct numbers stay distinct."""
    mask = np.uint64(0xFFFFFFFF)
    words = np.asarray(numbers).astype(np.uint64) ^ (_mixed(np.array([seed], np.uint64)) & mask)
    words = ((words ^ (words >> np.uint64(16))) * np.uint64(0x7FEB352D)) & mask
    words = ((words ^ (words >> np.uint64(15))) * np.uint64(0x846CA68B)) & mask
    return np.asarray(words ^ (words >> np.uint64(16)), dtype=np.uint64)
