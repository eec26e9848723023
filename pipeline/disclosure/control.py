"""Decide how each cell of an edition is shown, so that no table gives a small one away.

A second cell is withheld only where an attack works a hidden one out. There is always enough to
withhold (decision 63): with no new number printed every table that earlier editions left possible
stays so, for the numbers to date may then be as large as one likes. Only where earlier editions by
themselves give something away, which this program did not let them do, nothing is published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from math import log10

from pipeline.disclosure import attack
from pipeline.disclosure.attack import System, system
from pipeline.disclosure.cells import FEW, NOTHING, Cell, Edition, Printed, Relation, first_shown
from pipeline.disclosure.group import Group, Inconsistent, Need
from pipeline.disclosure.numbers import BY_MONTH
from pipeline.errors import DisclosureError

_Asked = tuple[list[str], dict[str, Need]]
"""The names of one group, and what is asked of some."""
_LEVELS = 3
"""Off guideline, judged, closed, and of all lines: wholes of wholes."""
SPREAD = 0.5
"""An amount of few persons must be possible at so much less and so much more of itself†."""


@dataclass(frozen=True)
class Between:
    """The numbers of months that lie in one edition and not in another.

    Nobody prints them; a reader gets them by subtraction. `relations` tie them to each other and to
    the numbers that are printed.
    """

    cells: tuple[Cell, ...]
    relations: tuple[Relation, ...]

    @property
    def few(self) -> set[str]:
        """Return the quantities that rest on few persons, which must not be worked out."""
        return {cell.quantity for cell in self.cells if 1 <= cell.n_persons <= FEW}

    @property
    def edition(self) -> Edition:
        """Return what a reader knows of them: nothing but how they hang together."""
        printed = (Printed(cell.quantity, cell.kind, "withheld", None) for cell in self.cells)
        return Edition(tuple(printed), self.relations)


NO_MONTHS = Between((), ())


def control(
    cells: Sequence[Cell],
    relations: Sequence[Relation],
    earlier: Sequence[Edition] = (),
    between: Between = NO_MONTHS,
    *,
    is_complementary: bool = True,
) -> Edition:
    """Return the edition that may be published.

    Cells that rest on few persons are not shown; then, as long as an attack on everything printed
    works one of them out, of the numbers that tell of it those worth least are withheld too. A
    group of numbers that gives a cell away even when all of them are withheld is not in the
    edition.

    Args:
        cells: one per quantity.
        relations: how the quantities hang together.
        earlier: the editions handed out before.
        between: the months by which this edition and an earlier one differ.
        is_complementary: False leaves the second step out, so that the attack can be tried.

    Raises:
        DisclosureError: earlier editions give a cell away, or the numbers contradict each other.
    """
    edition = Edition(tuple(first_shown(cell) for cell in cells), tuple(relations))
    if not is_complementary:
        return edition
    truth = {cell.quantity: cell for cell in (*between.cells, *cells)}
    needs = _needs(_hidden(edition, earlier) | between.few, truth)
    withheld, silent = set[str](), set[str]()
    for known in _systems(edition, earlier, between):
        worth, contradicted = worths(cells, relations), dict[str, Need]()
        groups = _asked(known, needs)
        for (names, asked), outcome in zip(
            groups, _protected(known, groups, truth, worth), strict=True
        ):
            if outcome is None:
                contradicted |= asked
                continue
            more, given = outcome
            withheld |= more
            if given:
                _refuse_what_is_old(given, truth, earlier, between)
                silent |= set(names)
        needs = contradicted
        if not needs:
            return _told(edition, withheld, silent)
    raise _contradiction()


def _systems(edition: Edition, earlier: Sequence[Edition], between: Between) -> Iterator[System]:
    """Return what a reader knows, and, for numbers that contradict each other, by edition.

    Those are numbers that corrected records make contradict what they were.
    """
    yield system(edition, earlier, between.edition)
    yield system(edition, earlier, is_shared=False)


def _asked(known: System, needs: Mapping[str, Need]) -> list[_Asked]:
    """Return the groups in which something is asked, and what."""
    groups = (
        (names, {name: needs[name] for name in names if name in needs})
        for names in known.components()
    )
    # the largest first, for it takes longest
    return sorted(
        ((names, asked) for names, asked in groups if asked), key=lambda one: -len(one[0])
    )


def _protected(
    known: System,
    groups: Sequence[_Asked],
    truth: Mapping[str, Cell],
    worth: Mapping[str, float],
) -> Iterator[tuple[set[str], list[str]] | None]:
    """Yield of each group what `_protect` returns, two at a time; None: it contradicts itself.

    No group knows of another, and the solver lets other threads work.
    """

    def one(group: _Asked) -> tuple[set[str], list[str]] | None:
        names, asked = group
        try:
            return _protect(Group(known, names), asked, truth, worth)
        except Inconsistent:
            return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(one, groups)


def _protect(
    group: Group,
    asked: Mapping[str, Need],
    truth: Mapping[str, Cell],
    worth: Mapping[str, float],
) -> tuple[set[str], list[str]]:
    """Return the names to withhold, and those that stay given away when all of them are."""
    withheld, given = set[str](), list[str]()
    while asked:
        # to withhold a number makes more tables possible, so what was safe stays safe
        more = set[str]()
        for name in group.undecided(asked):
            loosened = group.loosen(name, asked[name], worth)
            if loosened is None:
                loosened = set(group.candidates(worth))
                group.withhold(loosened)
                given.append(name)
            more |= loosened
        withheld |= more
        asked = _needs(more, truth)
    return withheld, group.closed(_needs(given, truth))


def _refuse_what_is_old(
    given: Collection[str],
    truth: Mapping[str, Cell],
    earlier: Sequence[Edition],
    between: Between,
) -> None:
    """Stop where what is given away is so without any number of the newest edition."""
    old = given_away(NOTHING, truth, earlier, Between((), between.relations), given)
    if old:
        raise DisclosureError(
            f"{len(old)} small numbers can be worked out from the committee editions made before, "
            "without any new one; no committee edition was published. Call the earlier ones back, "
            "and begin with a new output folder, or make the clinical edition alone with "
            "--edition clinical."
        )


def _told(edition: Edition, withheld: set[str], silent: set[str]) -> Edition:
    """Return the edition without what is withheld, and with no word of what says nothing."""
    printed = (
        Printed(item.quantity, item.kind, "withheld", None) if item.quantity in withheld else item
        for item in edition.printed
        if item.quantity not in silent
    )
    relations = (
        relation
        for relation in edition.relations
        if silent.isdisjoint((relation.whole, *relation.parts))
    )
    return Edition(tuple(printed), tuple(relations))


def worths(cells: Sequence[Cell], relations: Sequence[Relation]) -> dict[str, float]:
    """Return how much it costs a reader not to see each number.

    A whole is worth four times as much as its parts†, a month sixteen times as much as a line, for
    only that of the newest one is new; a large number more than a small one, and least one of which
    only "few" is said.
    """
    found = {cell.quantity: _own_worth(cell) for cell in cells}
    level = dict.fromkeys(found, 0)
    wholes = [relation for relation in relations if relation.kind != "at_most"]
    for _ in range(_LEVELS):
        for relation in wholes:
            above = max(level[part] + 1 for part in relation.parts)
            level[relation.whole] = max(level[relation.whole], above)
    for name in found:
        found[name] *= 4.0 ** (level[name] + 2 * name.startswith(f"{BY_MONTH}/"))
    return found


def _own_worth(cell: Cell) -> float:
    if 1 <= cell.n_persons <= FEW:
        return 1.0
    return 2.0 + log10(1 + cell.value) if cell.value else 4.0


def _hidden(edition: Edition, earlier: Sequence[Edition]) -> set[str]:
    """Return the quantities that this edition or an earlier one does not show."""
    return {
        item.quantity
        for each in (*earlier, edition)
        for item in each.printed
        if item.shown != "value"
    }


def given_away(
    edition: Edition,
    truth: Mapping[str, Cell],
    earlier: Sequence[Edition] = (),
    between: Between = NO_MONTHS,
    suspects: Collection[str] | None = None,
    seed: int = 0,
) -> list[str]:
    """Return the quantities that are not shown and can be worked out all the same.

    Args:
        edition: what is to be published.
        truth: the cells by quantity.
        earlier: the editions handed out before.
        between: the months by which this edition and an earlier one differ.
        suspects: the quantities to ask of; None asks of all that are not shown.
        seed: of the objectives drawn by chance.

    Raises:
        DisclosureError: the numbers contradict each other, so that nothing can be said.
    """
    hidden = _hidden(edition, earlier) | between.few if suspects is None else suspects
    needs = _needs(hidden, truth)
    found: list[str] = []
    for known in _systems(edition, earlier, between):
        given, needs = attack.given_away(known, needs, seed)
        found += given
        if not needs:
            return found
    raise _contradiction()


def _contradiction() -> DisclosureError:
    return DisclosureError(
        "the numbers of the committee edition contradict each other; it was not published. "
        "Report this as a bug; the clinical edition can be made with --edition clinical."
    )


def _needs(names: Collection[str], truth: Mapping[str, Cell]) -> dict[str, Need]:
    return {name: _need(truth.get(name)) for name in sorted(names)}


def _need(cell: Cell | None) -> Need:
    """Return what must be possible of a number that is not shown.

    Two numbers of a count; of an amount of few persons, ones that are not near the true one. Of a
    number that only an earlier edition hides the truth is not known any more.
    """
    if cell is None or cell.kind != "amount" or not 1 <= cell.n_persons <= FEW:
        return None
    return float(Decimal(1 - SPREAD) * cell.value), float(Decimal(1 + SPREAD) * cell.value)
