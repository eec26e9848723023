"""What an edition without persons prints, and whether what it hides can be worked out."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from committee import Hospital
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from pipeline.disclosure import attack, control
from pipeline.disclosure.attack import system
from pipeline.disclosure.cells import Cell, Edition, Printed, Relation, bounds, first_shown, rounded
from pipeline.disclosure.control import given_away
from pipeline.disclosure.edition import between, draft, grown
from pipeline.disclosure.group import Group
from pipeline.disclosure.kept import editions_of
from pipeline.errors import DisclosureError


def count(name: str, value: int, n_persons: int | None = None) -> Cell:
    return Cell(name, "count", Decimal(value), value if n_persons is None else n_persons)


def row(*values: int) -> tuple[list[Cell], list[Relation]]:
    """Return one line of counts of persons who are in one part only, and its total."""
    names = [f"part {number}" for number in range(len(values))]
    cells = [
        Cell(name, "persons", Decimal(value), value)
        for name, value in zip(names, values, strict=True)
    ]
    whole = Cell("whole", "persons", Decimal(sum(values)), sum(values))
    return [*cells, whole], [Relation("sum", "whole", tuple(names))]


def shown(edition: Edition) -> dict[str, int | str]:
    return {
        item.quantity: item.shown if item.value is None else item.value for item in edition.printed
    }


@pytest.mark.parametrize(
    ("value", "n_persons", "expected"),
    [(0, 0, 0), (1, 1, "few"), (7, 7, "few"), (8, 8, 10), (12, 9, 10), (13, 9, 15), (30, 3, "few")],
)
def test_a_number_is_shown_rounded_or_not_at_all(
    value: int, n_persons: int, expected: int | str
) -> None:
    item = first_shown(count("a", value, n_persons))
    assert (item.shown if item.value is None else item.value) == expected


@given(st.integers(0, 10_000))
def test_the_true_number_lies_in_what_a_reader_knows_of_it(value: int) -> None:
    low, high = bounds(first_shown(count("a", value)))
    assert low <= value <= high


@given(st.decimals(0, 100_000, places=3))
def test_the_true_amount_lies_in_what_a_reader_knows_of_it(value: Decimal) -> None:
    low, high = bounds(Printed("a", "amount", "value", rounded(value)))
    assert Decimal(low) <= value <= Decimal(high)


def test_half_a_gram_stays_one_where_every_limit_is_a_whole_number() -> None:
    """Else a table with 52.5 g was sought with 52, found, and sought again without end."""
    known = system(Edition((Printed("a", "amount", "few", None),), ()))
    group = Group(known, ["a"])
    asked = group._with(0, 52.5, np.inf)
    assert asked is not None
    assert asked.low[0] == 52.5
    group.withhold(["a"])
    assert group.closed({"a": (17.5, 52.5)}) == []


def test_grams_of_a_country_contradict_nothing() -> None:
    """More than ten million, printed and withheld: the reference load has 47 million."""
    months = [Cell(f"month {n}", "amount", Decimal(4_000_000 + n), 900) for n in range(12)]
    few = Cell("month 12", "amount", Decimal(300), 2)
    cells = [*months, few, Cell("whole", "amount", Decimal(48_000_366), 9_000)]
    relations = [Relation("sum", "whole", tuple(cell.quantity for cell in (*months, few)))]
    edition = control(cells, relations)
    assert "few" in shown(edition).values()
    assert "withheld" in shown(edition).values()
    assert given_away(edition, {cell.quantity: cell for cell in cells}) == []


def test_rounding_alone_keeps_one_small_number_of_a_line() -> None:
    edition = control(*row(20, 15, 3))
    assert shown(edition) == {"part 0": 20, "part 1": 15, "part 2": "few", "whole": 40}


def test_seven_single_persons_and_their_few_are_not_given_away() -> None:
    cells, relations = row(1, 1, 1, 1, 1, 1, 1)
    without = control(cells, relations, is_complementary=False)
    truth = {cell.quantity: cell for cell in cells}
    assert len(given_away(without, truth)) == 8  # each part is 1 and the whole 7
    edition = control(cells, relations)
    assert given_away(edition, truth) == []
    assert "withheld" in shown(edition).values()


def test_one_small_amount_is_hidden_by_a_second_one() -> None:
    cells = [
        Cell("a", "amount", Decimal(40), 2),
        Cell("b", "amount", Decimal(900), 30),
        Cell("c", "amount", Decimal(500), 20),
        Cell("whole", "amount", Decimal(1440), 52),
    ]
    relations = [Relation("sum", "whole", ("a", "b", "c"))]
    truth = {cell.quantity: cell for cell in cells}
    assert given_away(control(cells, relations, is_complementary=False), truth) == ["a"]
    edition = control(cells, relations)
    assert shown(edition) == {"a": "few", "b": 900, "c": "withheld", "whole": 1440}


def test_two_editions_together_give_away_no_more_than_one() -> None:
    """January is few; a later edition prints the months after it and the total."""
    old_cells = [count("jan", 3), count("total to jan", 3)]
    old_relations = [Relation("sum", "total to jan", ("jan",))]
    first = control(old_cells, old_relations)
    cells = [count("jan", 3), count("feb", 40), count("total to feb", 43)]
    relations = [Relation("sum", "total to feb", ("jan", "feb"))]
    second = control(cells, relations, [first])
    truth = {cell.quantity: cell for cell in [*old_cells, *cells]}
    assert given_away(second, truth, [first], seed=7) == []


def test_a_number_corrected_since_is_another_number() -> None:
    earlier = Edition((Printed("jan", "count", "value", 40),), ())
    newest = Edition((Printed("jan", "count", "value", 60),), ())
    known = system(newest, [earlier])
    assert attack.given_away(known, {"jan": (58, 62)})[0] == []
    assert attack.given_away(known, {"jan": (57, 62)})[0] == ["jan"]


def test_a_number_corrected_between_two_earlier_editions_stops_no_later_one() -> None:
    def of_period(period: str, value: int, n_few: int) -> tuple[list[Cell], list[Relation]]:
        names = [f"many {period}", f"few {period}"]
        cells = [count(names[0], value), count(names[1], n_few)]
        cells.append(count(f"all {period}", value + n_few))
        return cells, [Relation("sum", f"all {period}", tuple(names))]

    first = control(*of_period("spring", 40, 3))
    mended = control(*of_period("spring", 60, 3), [first])
    assert control(*of_period("summer", 30, 2), [first, mended]).printed


def test_persons_of_the_only_line_are_those_of_all() -> None:
    only = Edition(
        (Printed("line", "persons", "withheld", None), Printed("all", "persons", "value", 10)),
        (Relation("cover", "all", ("line",)),),
    )
    assert attack.given_away(system(only), {"line": (7, 8)})[0] == ["line"]
    assert attack.given_away(system(only), {"line": (8, 12)})[0] == []


small = st.lists(st.integers(0, 9), min_size=2, max_size=3)


@settings(max_examples=examples(60))
@given(small)
def test_the_attack_finds_what_every_table_tried_one_by_one_finds(values: list[int]) -> None:
    cells, relations = row(*values)
    edition = control(cells, relations, is_complementary=False)
    spans = [bounds(item) for item in edition.printed]
    tables = [
        parts
        for parts in product(*(range(int(low), int(min(high, 12)) + 1) for low, high in spans[:-1]))
        if spans[-1][0] <= sum(parts) <= spans[-1][1]
    ]
    hidden = [item.quantity for item in edition.printed if item.shown != "value"]
    found, _ = attack.given_away(system(edition), dict.fromkeys(hidden))
    for number, cell in enumerate(cells[:-1]):
        if cell.quantity in hidden:
            seen = {parts[number] for parts in tables}
            assert (cell.quantity in found) == (len(seen) == 1)


@st.composite
def grids(draw: st.DrawFn) -> tuple[list[Cell], list[Relation]]:
    """Return a table of persons with totals of lines, of columns and of all."""
    lines, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    value = {
        (i, j): draw(st.sampled_from((0, 0, 1, 2, 5, 7, 8, 9, 40)))
        for i in range(lines)
        for j in range(columns)
    }
    for i in range(lines):
        value[i, -1] = sum(value[i, j] for j in range(columns))
    for j in range(-1, columns):
        value[-1, j] = sum(value[i, j] for i in range(lines))
    cells = [Cell(f"{i} {j}", "persons", Decimal(n), n) for (i, j), n in value.items()]
    relations = [
        Relation("sum", f"{i} -1", tuple(f"{i} {j}" for j in range(columns)))
        for i in range(-1, lines)
    ] + [
        Relation("sum", f"-1 {j}", tuple(f"{i} {j}" for i in range(lines)))
        for j in range(-1, columns)
    ]
    return cells, relations


@settings(max_examples=examples(40))
@given(grids(), st.integers(0, 3))
def test_no_table_gives_a_small_number_away(
    grid: tuple[list[Cell], list[Relation]], seed: int
) -> None:
    cells, relations = grid
    edition = control(cells, relations)
    assert given_away(edition, {cell.quantity: cell for cell in cells}, seed=seed) == []
    for item, cell in zip(edition.printed, cells, strict=True):
        assert item.shown != "value" or cell.n_persons == 0 or cell.n_persons > 7


@settings(max_examples=examples(15))
@given(grids())
def test_the_attack_finds_what_the_least_and_the_largest_number_of_each_cell_find(
    grid: tuple[list[Cell], list[Relation]],
) -> None:
    """Shortcuts and tables kept for later miss nothing that asking of every cell finds."""
    cells, relations = grid
    edition = control(cells, relations, is_complementary=False)
    group_of = {name: names for names in system(edition).components() for name in names}
    hidden = {item.quantity for item in edition.printed if item.shown != "value"}
    known = system(edition)
    closed = set()
    for name in hidden:
        names = group_of[name]
        rows = [(terms, *ends) for terms, ends in known.rows.items() if terms[0][0] in names]
        matrix = [[dict(terms).get(other, 0.0) for other in names] for terms, _, _ in rows]
        ends = [row[1] for row in rows], [row[2] for row in rows]
        objective = np.array([float(other == name) for other in names])
        least, most = (
            milp(
                sign * objective,
                integrality=np.ones(len(names)),
                bounds=Bounds(
                    [known.low[n] for n in names], [min(known.high[n], 999) for n in names]
                ),
                constraints=[LinearConstraint(np.array(matrix), *ends)] if rows else [],
            ).x[names.index(name)]
            for sign in (1, -1)
        )
        if most - least < 0.5:
            closed.add(name)
    assert set(attack.given_away(known, dict.fromkeys(hidden))[0]) == closed


def test_a_group_that_gives_somebody_away_whatever_is_withheld_is_not_in_the_edition() -> None:
    """Seven earlier numbers of one to seven persons: that they cover one such number tells all."""
    names = [f"line {number}" for number in range(7)]
    old = [count(name, 1) for name in [*names, "whole"]]
    old[-1] = count("whole", 7)
    earlier = Edition(tuple(Printed(cell.quantity, "persons", "few", None) for cell in old), ())
    cells = [Cell(cell.quantity, "persons", cell.value, cell.n_persons) for cell in old]
    tea = count("tea", 40)
    relation = Relation("sum", "whole", tuple(names))
    edition = control([*cells, tea], [relation], [earlier])
    assert shown(edition) == {"tea": 40}
    assert edition.relations == ()
    truth = {cell.quantity: cell for cell in [*cells, tea]}
    assert given_away(edition, truth, [earlier]) == []


def test_what_earlier_editions_give_away_by_themselves_is_told_so() -> None:
    cells, relations = row(1, 1, 1, 1, 1, 1, 1)
    earlier = control(cells, relations, is_complementary=False)
    with pytest.raises(DisclosureError, match=r"8 small numbers .* made before") as told:
        control(cells, relations, [earlier])
    assert told.value.exit_code == 17


def test_what_is_worth_least_is_withheld_and_the_newest_month_and_totals_stay() -> None:
    cells = [
        Cell("use_by_month/2024-02/grams/2024-02", "amount", Decimal(400), 30),
        Cell("use_by_product/a/grams/2024-02", "amount", Decimal(300), 20),
        Cell("use_by_product/b/grams/2024-02", "amount", Decimal(60), 9),
        Cell("use_by_product/c/grams/2024-02", "amount", Decimal(40), 2),
    ]
    month, *lines = (cell.quantity for cell in cells)
    edition = control(cells, [Relation("sum", month, tuple(lines))])
    assert list(shown(edition).values()) == [400, 300, "withheld", "few"]


def test_a_number_to_date_can_only_grow() -> None:
    """Between 40 and 40 lies 40; where late records made it less, nothing is known."""
    periods = [f"2024-01 to 2024-0{month}" for month in (1, 2, 3)]
    names = [f"use/all/infusions/{period}" for period in periods]

    def growth(*values: int | None) -> list[Relation]:
        return grown({
            name: Printed(name, "count", "withheld" if value is None else "value", value)
            for name, value in zip(names, values, strict=True)
        })  # fmt: skip

    assert growth(40, None, 40) == [
        Relation("at_most", names[1], (names[0],)), Relation("at_most", names[2], (names[1],)),
    ]  # fmt: skip
    assert growth(40, None, 20) == growth(40, None, 40)
    assert growth(40, 20, 20) == [Relation("at_most", names[2], (names[1],))]


def test_records_corrected_between_two_editions_do_not_stop_the_second() -> None:
    """Both print 100 for January, yet no one number fits both totals."""
    cells = [count("jan", 98), count("feb", 8), count("total", 106)]
    relations = [Relation("sum", "total", ("jan", "feb"))]
    earlier = control(cells, relations)
    late = [count("jan", 102), count("feb", 8), count("mar", 8), count("total to mar", 118)]
    since = [
        Relation("sum", "total to mar", ("jan", "feb", "mar")),
        Relation("sum", "total", ("jan", "feb")),
    ]
    late.append(count("total", 110))
    assert control(late, since, [earlier]).printed


def test_records_corrected_in_one_table_leave_the_editions_of_another_held_together() -> None:
    """Total and first line stood in the earlier edition, so the rest can be worked out from it."""
    cells = [count("jan", 98), count("feb", 8), count("all", 106)]
    cells += [Cell("tea", "amount", Decimal(40), 2), Cell("rest", "amount", Decimal(500), 20)]
    cells.append(Cell("drinks", "amount", Decimal(540), 21))
    relations = [Relation("sum", "all", ("jan", "feb"))]
    drinks = Relation("sum", "drinks", ("tea", "rest"))
    printed = [first_shown(cell) for cell in cells if cell.quantity != "tea"]
    earlier = Edition(tuple(printed), tuple(relations))
    late = [count("jan", 102), count("feb", 8), count("mar", 8), count("all to mar", 118)]
    late += [count("few", 3), count("all", 110), *cells[3:]]
    since = [Relation("sum", "all to mar", ("jan", "feb", "mar")), *relations, drinks]
    edition = Edition(
        tuple(
            Printed(cell.quantity, cell.kind, "withheld", None)
            if cell.quantity in {"rest", "feb", "drinks"}
            else first_shown(cell)
            for cell in late
        ),
        tuple(since),
    )
    truth = {cell.quantity: cell for cell in [*cells, *late]}
    assert "tea" in given_away(edition, truth, [earlier])


def test_numbers_that_contradict_each_other_are_refused() -> None:
    cells = [count("a", 100), count("b", 100), count("whole", 50)]
    cells.append(count("few", 3))
    with pytest.raises(DisclosureError, match="contradict"):
        control(cells, [Relation("sum", "whole", ("a", "b", "few"))])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"null",
        b"[1",
        b"[1]",
        b"\xff\xfe[",
        b"[" * 100_000,
        b'[["printed", "a", "count", "value", null]]',
        b'[["printed", "a", "count", "value", "12"]]',
        b'[["printed", "a", "count", "few", 3]]',
        b'[["printed", "a", "count", "shown", 3]]',
        b'[["printed", "a", "count"]]',
        b'[["relation", "sum", "whole", ["part"]]]',
        b'[["printed", "a", "count", "few", null], ["relation", "half", "a", ["a"]]]',
    ],
)
def test_an_earlier_edition_that_is_none_of_ours_stops_the_next(
    tmp_path: Path, text: bytes
) -> None:
    folder = tmp_path / "runs" / "one" / "committee"
    folder.mkdir(parents=True)
    (folder / "edition.json").write_bytes(text)
    with pytest.raises(DisclosureError, match="cannot be read"):
        editions_of(tmp_path)


def test_an_edition_without_a_closed_month_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one" / "committee"
    folder.mkdir(parents=True)
    (folder / "edition.json").write_text("[\n\n]\n", encoding="utf-8")
    assert editions_of(tmp_path) == [Edition((), ())]


def test_what_lies_between_two_editions_is_not_to_be_had_by_subtraction() -> None:
    hospital = Hospital(seed=5, n_patients=40)
    kept: list[Edition] = []
    found_without = 0
    for _ in range(3):
        hospital.next_month()
        made = draft(hospital.con)
        apart = between(hospital.con, made, kept)
        truth = {cell.quantity: cell for cell in (*apart.cells, *made.cells)}
        careless = control(made.cells, made.relations, kept)
        found_without += len(given_away(careless, truth, kept, apart))
        edition = control(made.cells, made.relations, kept, apart)
        assert given_away(edition, truth, kept, apart, seed=3) == []
        kept.append(edition)
    assert found_without > 0


def test_the_months_between_are_those_of_the_longer_period_only() -> None:
    hospital = Hospital(seed=5, n_patients=40)
    hospital.next_month()
    first = draft(hospital.con)
    kept = [control(first.cells, first.relations)]
    hospital.next_month()
    made = draft(hospital.con)
    apart = between(hospital.con, made, kept)
    block = draft(hospital.con, {"2020-02"})
    grams = {cell.quantity: cell.value for cell in apart.cells if "use/all/grams" in cell.quantity}
    assert list(grams.values()) == [
        cell.value for cell in block.cells if cell.quantity.startswith("use/all/grams")
    ]
    assert between(hospital.con, made, [control(made.cells, made.relations)]).cells == ()
    lines = {
        cell.quantity.rsplit("/", 1)[0] for cell in made.cells if "by_month" not in cell.quantity
    }
    assert {cell.quantity.rsplit("/", 1)[0] for cell in apart.cells} == lines
