"""Whatever happens to the bytes of a file, nothing is lost but what was damaged.

A few hundred damages; `make torture` tries thousands.
"""

from __future__ import annotations

import dataclasses

import pytest
from torture.count import Count
from torture.damage import Damage
from torture.dirty import WHOLE, Dirt, alone, by_bytes, by_hypothesis
from torture.witness import Case, losses

SEED = 20261127


@pytest.fixture(scope="module")
def dirt() -> Dirt:
    return Dirt(Count())


def test_bytes_flipped_cut_doubled_and_put_in_cost_only_their_own_records(dirt: Dirt) -> None:
    by_bytes(dirt, SEED, 4)
    assert dirt.count.losses == []


def test_any_bytes_in_the_place_of_others_cost_only_their_own_records(dirt: Dirt) -> None:
    by_hypothesis(dirt.together, SEED, 5)
    assert dirt.count.losses == []


def test_damaged_headers_and_packed_files_are_read_whole_or_refused(dirt: Dirt) -> None:
    alone(dirt, SEED, 9)
    assert dirt.count.losses == []


def test_the_witness_sees_what_is_lost(dirt: Dirt) -> None:
    whole = next(one for one in WHOLE if one.name == "lab_result.a.csv")
    start, end = whole.spans[3]
    case = Case(whole, Damage("cut", start + 2, end - 2, b""))
    base = dirt.base
    for number, said in ((2, "before the damage is lost"), (9, "behind the damage are lost")):
        rows = {row: cells for row, cells in base.mapped[whole.name].items() if row != number}
        now = dataclasses.replace(base, mapped=base.mapped | {whole.name: rows})
        assert any(said in fault for fault in losses(base, now, [case]))
    place = (whole.name, 9)
    changed = dataclasses.replace(base, staged=base.staged | {place: "other"})
    assert any("its values have changed" in fault for fault in losses(base, changed, [case]))
    staged = {key: value for key, value in base.staged.items() if key != place}
    lost = dataclasses.replace(base, staged=staged)
    assert any("is not in one place" in fault for fault in losses(base, lost, [case]))
    blamed = dataclasses.replace(lost, quarantined={place: {("patient_id", "unknown_patient")}})
    assert any("in quarantine for" in fault for fault in losses(base, blamed, [case]))
