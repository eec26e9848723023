"""Decide how each cell of an edition is shown, so that no table gives a small one away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.disclosure import attack
from pipeline.disclosure.attack import system
from pipeline.disclosure.cells import FEW, Cell, Edition, Printed, Relation, first_shown
from pipeline.errors import DisclosureError

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
    works one of them out, the smallest number beside it is withheld too.

    Args:
        cells: one per quantity.
        relations: how the quantities hang together.
        earlier: the editions handed out before.
        between: the months by which this edition and an earlier one differ.
        is_complementary: False leaves the second step out, so that the attack can be tried.

    Raises:
        DisclosureError: a cell stays given away, or the numbers contradict each other.
    """
    by_name = {cell.quantity: cell for cell in (*between.cells, *cells)}
    every_relation = [
        *relations,
        *between.relations,
        *(item for edition in earlier for item in edition.relations),
    ]
    printed = {cell.quantity: first_shown(cell) for cell in cells}
    edition = Edition(tuple(printed.values()), tuple(relations))
    suspects = _hidden(edition, earlier) | between.few if is_complementary else set()
    while suspects and (given := given_away(edition, by_name, earlier, between, suspects)):
        # to withhold a number makes more tables possible, so what was safe stays safe
        suspects = set(given)
        for name in given:
            other = _beside(name, printed, every_relation, by_name)
            if other is None:
                raise _refused(len(given))
            printed[other] = Printed(other, by_name[other].kind, "withheld", None)
            suspects.add(other)
        edition = Edition(tuple(printed.values()), tuple(relations))
    return edition


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
    needs = {name: _need(truth.get(name)) for name in sorted(hidden)}
    found: list[str] = []
    # numbers that corrected records make contradict what they were are read edition by edition
    for known in (
        system(edition, earlier, between.edition),
        system(edition, earlier, is_shared=False),
    ):
        given, needs = attack.given_away(known, needs, seed)
        found += given
        if not needs:
            return found
    raise DisclosureError(
        "the numbers of the committee edition contradict each other; it was not published. "
        "Report this as a bug; the clinical edition can be made with --edition clinical."
    )


def _need(cell: Cell | None) -> attack.Need:
    """Return what must be possible of a number that is not shown.

    Two numbers of a count; of an amount of few persons, ones that are not near the true one. Of a
    number that only an earlier edition hides the truth is not known any more.
    """
    if cell is None or cell.kind != "amount" or not 1 <= cell.n_persons <= FEW:
        return None
    return float(Decimal(1 - SPREAD) * cell.value), float(Decimal(1 + SPREAD) * cell.value)


def _beside(
    name: str,
    printed: dict[str, Printed],
    relations: Sequence[Relation],
    truth: dict[str, Cell],
) -> str | None:
    """Return the number to withhold for the sake of another one: the smallest that tells of it.

    Where every number beside it is hidden already, those beside them are looked at, and so on.
    """
    seen, near = {name}, {name}
    found: set[tuple[bool, str]] = set()
    while near and not found:
        reached = [
            (place != relation.whole, place)
            for relation in relations
            if not near.isdisjoint((relation.whole, *relation.parts))
            for place in (relation.whole, *relation.parts)
            if place not in seen
        ]
        found = {
            (is_part, place)
            for is_part, place in reached
            if place in printed and printed[place].shown != "withheld"
        }
        near = {place for _, place in reached}
        seen |= near
    if not found:
        return None

    def order(candidate: tuple[bool, str]) -> tuple[bool, bool, bool, Decimal, str]:
        is_part, place = candidate
        cell = truth[place]
        # a printed part first, then an empty one, then one that is few, and a total last
        return not is_part, printed[place].shown == "few", cell.value == 0, cell.value, place

    return min(found, key=order)[1]


def _refused(n_cells: int) -> DisclosureError:
    return DisclosureError(
        f"{n_cells} small numbers of the committee edition could be worked out; it was not "
        "published. Make the clinical edition alone with --edition clinical, or a longer period."
    )
