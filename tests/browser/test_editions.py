"""Every edition in a real browser: what it loads, how it reads, prints and is walked through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

import pytest
from browsing import AXE, EDITIONS, SCREENS
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

WIDTHS: Final = (320, 794, 1280)
"""In CSS pixels: a telephone, a sheet of A4, a desk."""

STANDARD: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOCUSABLE: Final = "a[href], summary, [tabindex]"

FIRST_WORDS: Final = """() => [...document.querySelectorAll('details:not([open])')].map(d => {
    const shut = [...d.children].filter(e => !e.matches('.data')).at(-1).cloneNode(true);
    shut.querySelectorAll('svg').forEach(picture => picture.remove());
    return shut.textContent.trim().split(/\\s+/).slice(0, 4).join('');
}).filter(text => text !== '')"""
"""The first words of everything shut, but for pictures and where the data lies."""

SHEET: Final = 673
"""The width of A4 between its margins, in CSS pixels."""

WIDER: Final = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.id || e.tagName)"""
"""What reaches beyond the right edge: a browser shrinks every page for it, or cuts it."""

Scheme = Literal["light", "dark"]

every_edition = pytest.mark.parametrize("edition", EDITIONS)


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1280, scheme: Scheme = "light"
) -> Iterator[Page]:
    """Open a page of the disk; whatever it asks for, says or pops up besides itself is a fault."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("request", lambda asked: faults.append(f"request {asked.url[:80]}"))
    page.on("console", lambda said: faults.append(f"console {said.text[:200]}"))
    page.on("pageerror", lambda error: faults.append(f"error {error}"))
    page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert faults == [f"request {path.as_uri()[:80]}"]


@every_edition
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_loads_nothing_and_never_scrolls_sideways(
    browser: Browser, sample: dict[str, Path], edition: str, width: int
) -> None:
    with opened(browser, sample[edition], width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        _shoot(page, f"{edition}-{width}")


@every_edition
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(
    browser: Browser, sample: dict[str, Path], edition: str, scheme: Scheme
) -> None:
    with opened(browser, sample[edition], scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "tags => axe.run({runOnly: tags, resultTypes: ['violations']})", STANDARD
        )
        violations = [
            (v["id"], len(v["nodes"]), v["nodes"][0]["html"][:120]) for v in found["violations"]
        ]
        assert violations == []
        _shoot(page, f"{edition}-{scheme}", full=False)


@every_edition
def test_the_keyboard_goes_through_the_page_in_its_order(
    browser: Browser, sample: dict[str, Path], edition: str
) -> None:
    with opened(browser, sample[edition]) as page:
        assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
        order = page.evaluate(
            """selector => [...document.querySelectorAll(selector)]
                .filter(e => e.tabIndex >= 0 && e.checkVisibility()).map((e, i) => {
                    e.dataset.place = i; return i })""",
            FOCUSABLE,
        )
        walked = order[:60]
        for place in walked:
            page.keyboard.press("Tab")
            told = page.evaluate(
                """() => ({place: +document.activeElement.dataset.place,
                           outline: getComputedStyle(document.activeElement).outlineStyle})"""
            )
            assert told == {"place": place, "outline": "solid"}
        first = page.locator(FOCUSABLE).first
        assert "skip" in (first.get_attribute("class") or "")


@every_edition
def test_a_card_opens_and_closes_by_the_keyboard(
    browser: Browser, sample: dict[str, Path], edition: str
) -> None:
    with opened(browser, sample[edition]) as page:
        for card in page.locator("details:not([open])").element_handles()[:5]:
            summary = card.query_selector("summary")
            assert summary is not None
            summary.focus()
            for is_open in (True, False):
                page.keyboard.press("Enter")
                assert card.evaluate("d => d.open") == is_open


@every_edition
def test_on_paper_nothing_is_wider_than_the_sheet(
    browser: Browser, sample: dict[str, Path], edition: str
) -> None:
    with opened(browser, sample[edition], width=SHEET) as page:
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert page.evaluate(WIDER) == []


@every_edition
def test_on_paper_every_page_has_its_number_and_every_card_is_open(
    browser: Browser, sample: dict[str, Path], edition: str
) -> None:
    with opened(browser, sample[edition]) as page:
        hidden = page.evaluate(FIRST_WORDS)
        paper = page.pdf(prefer_css_page_size=True)
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"{edition}.pdf").write_bytes(paper)
    leaves = [
        unicodedata.normalize("NFKC", leaf.extract_text())  # ligatures as letters
        for leaf in PdfReader(BytesIO(paper)).pages
    ]
    n_pages = len(leaves)
    unnumbered = [
        n for n, text in enumerate(leaves, 1) if not re.search(rf"\b{n} / {n_pages}(?!\d)", text)
    ]
    assert unnumbered == []
    printed = re.sub(r"\s+", "", "".join(leaves))
    assert [text for text in hidden if text not in printed] == []


@every_edition
@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_text_runs_nothing_and_breaks_no_page(
    browser: Browser, hostile: dict[str, Path], edition: str, width: int
) -> None:
    with opened(browser, hostile[edition], width=width) as page:
        assert page.title() != "run"
        assert page.locator("script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert "{{7*7}}" in page.content() or edition != "clinical"
        # the editions without persons have months to print, and numbers of events in them
        assert "Mar 2024" in page.content()
        assert page.locator("#reported_events td.n").count() > 0 or edition == "clinical"
        assert not re.search(r"\b49\b.{0,3}x{20}", page.content())
        _shoot(page, f"hostile-{edition}-{width}")


def _shoot(page: Page, name: str, *, full: bool = False) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=full)
