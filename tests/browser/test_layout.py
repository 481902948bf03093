"""The pages of sets at several widths, in a real Chromium: nothing covers anything or leaves the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.review_page import CHROMIUM, FLAGS, Review, serving, shot
from tests.reliability.serving import free_port
from tests.support.review_kit import chosen_project

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: the review app is not looked at"
)
WIDTHS = (1400, 820, 420)
LEAST_PX = 100
BOXES = "(all) => all.map((e) => { const b = e.getBoundingClientRect(); return [b.left, b.right, b.width]; })"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Sets of eight."""
    folder = tmp_path_factory.mktemp("layout")
    chosen_project(folder, sets=6, stages=8, size=(120, 80))
    (folder / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[encoder]\nencoder = "embedded"\n'
    )
    with serving(folder, free_port()) as found:
        yield found


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport={"width": request.param, "height": 900})
        browser.close()


def fits(page: Any) -> bool:
    width = page.viewport_size["width"]
    return bool(page.evaluate("document.querySelector('main').scrollWidth") <= width)


def inside(page: Any, cards: str) -> bool:
    """Whether the pictures of each card lie between its sides."""
    boxes = [
        (card.evaluate("(e) => [e].map((c) => c.getBoundingClientRect())")[0], card.locator("img"))
        for card in page.locator(cards).all()
    ]
    return bool(boxes) and all(
        card["left"] <= left and right <= card["right"] + 1
        for card, images in boxes
        for left, right, _width in images.evaluate_all(BOXES)
    )


def test_pictures_of_sets_stay_in_their_cards(page: Any, served: Review) -> None:
    page.goto(f"{served.address}/p/harbour/sets")
    page.wait_for_selector("#sets li img")
    shot(page, f"layout_sets_{page.viewport_size['width']}")
    assert inside(page, "#sets li")
    assert fits(page)


def test_the_batch_has_no_panel_of_one_set_and_its_pictures_stay_in_their_cards(
    page: Any, served: Review
) -> None:
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#panel").is_visible()
    page.keyboard.press("g")
    page.wait_for_selector(".images.sets img")
    assert not page.locator("#panel").is_visible()
    assert inside(page, ".images.sets > div")
    assert fits(page)
    page.keyboard.press("g")
    page.wait_for_selector(".images figure")
    assert page.locator("#panel").is_visible()


def test_the_pictures_of_a_set_are_not_narrower_than_a_finger_can_choose(page: Any, served: Review) -> None:
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    shot(page, f"layout_review_{page.viewport_size['width']}")
    boxes = page.locator(".images figure").evaluate_all(BOXES)
    assert len(boxes) == 8
    assert min(width for _left, _right, width in boxes) >= LEAST_PX
    assert fits(page)


def test_a_pick_without_a_reason_says_so(page: Any, served: Review) -> None:
    page.goto(f"{served.address}/p/harbour/review")
    page.wait_for_selector("body[data-ready]")
    told = page.evaluate(
        """import('/static/drawing.js').then((m) => m.panelOf({step1_selection: {reasons: [], flags: [],
        confidence: 0.55, confidence_kind: 'technical: calibrated on made damage', by: ''},
        step2_crop: {needs_crop: null, reasons: [], by: ''}}, false).map((e) => e.textContent).join(' '))"""
    )
    assert "A close call: the pictures differ little technically" in told
