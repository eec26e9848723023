"""Charts of the committee edition: what is not printed is not drawn."""

from typing import Any

from pipeline.render.committee_figures import Lines, committee_figures


def cell(printed: int | None = None, share: float | None = None) -> dict[str, Any]:
    return {"printed": printed, "share": share}


def off(low: float | None, at: float | None, high: float | None) -> dict[str, dict[str, Any]]:
    return {
        "bound_low": cell(share=low),
        "off_share": cell(share=at),
        "bound_high": cell(share=high),
    }


def drawn(table_id: str, lines: Lines) -> dict[str, tuple[str, str]]:
    found = committee_figures({table_id: lines}, [])
    return {figure.name: (figure.sentence, figure.svg) for figure in found}


def test_an_indication_without_a_printed_number_has_no_bar() -> None:
    lines: Lines = [
        ("cidp", "Neuropathy", {"grams": cell(1200)}),
        ("pid", "Immunodeficiency", {"grams": cell(None)}),
        ("all", "All", {"grams": cell(1500)}),
    ]
    sentence, svg = drawn("use_by_indication", lines)["indications"]
    assert "most went to Neuropathy: 1,200 g. What is not shown or 0 has no bar." in sentence
    assert "Neuropathy" in svg
    assert "Immunodeficiency" not in svg
    assert "1,500" not in svg


def test_a_share_is_drawn_only_with_both_its_bounds() -> None:
    lines: Lines = [
        ("cidp", "Neuropathy", off(2.5, 10, 40)),
        ("itp", "Thrombocytopenia", off(None, 10, 40)),
        ("pid", "Immunodeficiency", {"off_share": cell(share=5)}),
        ("gbs", "Radiculitis", off(0, 0, 7.5)),
        ("all", "All", off(1, 2, 3)),
    ]
    sentence, svg = drawn("off_guideline", lines)["off-by-indication"]
    assert "Drawn are 2 of 4 indications: of the others a number is not shown" in sentence
    assert "10%, bounds 2.5% to 40%" in svg
    assert "Thrombocytopenia" not in svg
    assert "Immunodeficiency" not in svg
    assert "2%, bounds 1%" not in svg


def test_one_share_alone_is_not_drawn_for_all() -> None:
    lines: Lines = [("cidp", "Neuropathy", off(0, 0, 0)), ("itp", "Other", off(None, None, None))]
    assert not drawn("off_guideline", lines)


def test_where_nothing_is_printed_nothing_is_drawn() -> None:
    assert not drawn("use_by_indication", [("pid", "Immunodeficiency", {"grams": cell(None)})])
    assert not drawn("use_by_month", [("2024-01", "2024-01", {"grams": cell(None)})])
    assert not drawn("off_guideline", [("pid", "Immunodeficiency", off(0, None, 100))])
