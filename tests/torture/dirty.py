"""Thousands of damages of the sample records through ingest and validate, in this process.

Every damage is of one file and judged by that file; many files are damaged in one look, so that
a damage costs hundredths of a second. What should refuse the whole file is tried alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from torture.count import Count
from torture.damage import Damage, damaged, header_damaged, packed_and_damaged, rewritten
from torture.slices import Slice, slices
from torture.witness import Case, Seen, look, losses, open_places, told

from pipeline.errors import AuditError, InputError

WHOLE = tuple(slices())
_ALONE = ("patient.a.csv", "infusion.a.csv", "dispensing.a.csv")
_REPEATED = 4
"""Of so many looks, one is looked at again with more threads."""


@contextmanager
def folder_of(files: Sequence[Slice] = WHOLE) -> Iterator[Path]:
    """Yield a folder with the undamaged files."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        for one in files:
            (Path(name) / one.name).write_bytes(one.text)
        yield Path(name)


class Dirt:
    """Damages, and what was lost by them."""

    def __init__(self, count: Count) -> None:
        self.count = count
        with folder_of() as folder:
            self.base = look(folder)
        self._looks = 0

    def together(self, cases: Sequence[Case], n_more: int = 0) -> None:
        """Damage many files, one damage each, and look once at all of them."""
        self._looks += 1
        self.count.tried("damages", len(cases) + n_more)
        with folder_of() as folder:
            for case in cases:
                (folder / case.whole.name).write_bytes(case.text)
            try:
                now = look(folder)
                for fault in losses(self.base, now, cases):
                    self.count.lost(fault)
                if self._looks % _REPEATED == 0 and told(look(folder, threads=2)) != told(now):
                    self.count.lost("the same damages gave another quarantine")
            except Exception as error:  # noqa: BLE001 - whatever is raised here is a loss
                self._blame(cases, error)

    def _blame(self, cases: Sequence[Case], error: Exception) -> None:
        kinds = sorted({case.damage.kind for case in cases if case.whole.name in str(error)})
        self.count.lost(f"{_named(error)}: {kinds or 'one of all'}")

    def written_otherwise(self, seed: int) -> None:
        """Write every file another way; nothing may be lost, and nothing else be read."""
        self.count.tried("damages", len(WHOLE))
        with folder_of(()) as folder:
            names = {}
            for number, one in enumerate(WHOLE):
                how, name, text = rewritten(seed + number, one)
                names[name] = (one.name, how)
                (folder / name).write_bytes(text)
            try:
                now = look(folder)
            except Exception as error:  # noqa: BLE001
                self.count.lost(f"written another way: {_named(error)}")
                return
        for name, (before, how) in names.items():
            if now.mapped[name] != self.base.mapped[before]:
                self.count.lost(f"{before}, written another way ({how}), is read otherwise")

    def alone(self, whole: Slice, name: str, text: bytes, *, is_whole: bool) -> None:
        """Damage one file so that it may be refused as a whole; or else its account closes.

        Args:
            whole: the file.
            name: the name it gets.
            text: its damaged bytes.
            is_whole: what is not refused must be read as if nothing were damaged.
        """
        self.count.tried("damages")
        files = [one for one in WHOLE if one.name in _ALONE and one.record != whole.record]
        with folder_of(files) as folder:
            (folder / name).write_bytes(text)
            answers = [_answer(folder), _answer(folder)]
        for answer in answers:
            if isinstance(answer, Seen):
                self._hold(answer, whole, name, is_whole=is_whole)
            elif not isinstance(answer, InputError):
                self.count.lost(f"{whole.name}, alone: {_named(answer)}")
        if len({str(a) if isinstance(a, Exception) else repr(told(a)) for a in answers}) > 1:
            self.count.lost(f"{whole.name}, alone: the same damage gave another answer")

    def _hold(self, seen: Seen, whole: Slice, name: str, *, is_whole: bool) -> None:
        for fault in open_places(seen):
            self.count.lost(f"{whole.name}, alone: {fault}")
        if is_whole and seen.mapped[name] != self.base.mapped[whole.name]:
            self.count.lost(f"{whole.name}: read otherwise though its digest is told")


def _answer(folder: Path) -> Seen | Exception:
    try:
        return look(folder)
    except Exception as error:  # noqa: BLE001 - judged by the caller
        return error


def _named(error: Exception) -> str:
    return str(error) if isinstance(error, AuditError) else type(error).__name__


def by_bytes(dirt: Dirt, seed: int, n_looks: int) -> None:
    """Damage every file by the mutator, again and again."""
    rng = Random(seed)
    for number in range(n_looks):
        cases = [Case(one, damaged(rng.getrandbits(48), one)) for one in WHOLE]
        dirt.together(cases)
        if number % 10 == 0:
            dirt.written_otherwise(rng.getrandbits(48))


def alone(dirt: Dirt, seed: int, n_damages: int) -> None:
    """Damage headers, and files that are packed."""
    rng = Random(seed)
    for number in range(n_damages):
        whole, draw = rng.choice(WHOLE), rng.getrandbits(48)
        if number % 3:
            text = header_damaged(draw, whole).on(whole.text)
            dirt.alone(whole, whole.name, text, is_whole=False)
        else:
            text = packed_and_damaged(draw, whole)
            dirt.alone(whole, f"{whole.name}.gz", text, is_whole=True)


Bytes = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).map(str.encode),
    st.lists(st.sampled_from([b",", b";", b'"', b"\n", b"\r", b"\0", b" ", b"\xff", b"x"]))
    .map(b"".join),
)  # fmt: skip


@st.composite
def damages(draw: st.DrawFn, whole: Slice) -> Damage:
    """Draw any bytes in the place of a few others of a file, behind its header."""
    length = draw(st.one_of(st.integers(0, 3), st.integers(0, 200)))
    start = draw(st.integers(whole.header_ends, len(whole.text)))
    return Damage("drawn", start, min(start + length, len(whole.text)), draw(Bytes))


@st.composite
def many_damages(draw: st.DrawFn) -> list[Case]:
    """Draw a damage of every file of one way of writing."""
    way = draw(st.sampled_from(["a", "b", "c"]))
    return [Case(one, draw(damages(one))) for one in WHOLE if one.way.name == way]


def by_hypothesis(check: Callable[[list[Case]], None], seed: int, n_looks: int) -> None:
    """Let hypothesis draw the damages, and shrink what it finds."""

    @seeded(seed)
    @settings(
        max_examples=n_looks,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(many_damages())
    def drawn(cases: list[Case]) -> None:
        check(cases)

    drawn()
